/**
 * What a file that somebody else wrote may not do without a question: each as a problem
 * with its place, and all of them as sentences that a person approves. Pure.
 */
import type { Step } from './document.ts'
import { endpointText, portPlace, type Resolved } from './endpoints.ts'
import type { ProblemSink } from './entry.ts'
import { isLoopback } from './addresses.ts'
import { type Plain, plainOr, valueAt } from './plain.ts'
import { printable } from './printable.ts'

/** Ports below need a right on most machines, and are somebody's well-known service. */
const FIRST_FREE_PORT = 1024

/** What to do where a question stands in the way. */
export function approvalFix(otherwise: string): string {
  return `${otherwise}, or approve it: kpf trust`
}

/** Tells each place; addresses are asked about where they are read, files where they are named. */
export function askAbout(top: Plain, resolved: readonly Resolved[], sink: ProblemSink): void {
  for (const path of kubeconfigPaths(top)) {
    const fix = approvalFix('remove it and use --kubeconfig or KUBECONFIG')
    sink(path, 'KPF_APPROVAL', 'a kubeconfig named by the file can run programs: it needs approval', { fix, approval: true })
  }
  for (const one of resolved) {
    for (const [index, { localPort }] of one.forward.ports.entries()) {
      if (localPort < 1 || localPort >= FIRST_FREE_PORT) continue
      const fix = approvalFix('write a local port of 1024 or more, as 8080:80')
      const { path, inside } = portPlace(one, index)
      sink(path, 'KPF_APPROVAL', `local port ${localPort} is below 1024: binding it needs approval`, { ...inside, fix, approval: true })
    }
  }
}

/** All that is approved together, sorted: the same list is the same approval. */
export function risksOf(tops: readonly Plain[], resolved: readonly Resolved[], outside: readonly string[]): readonly string[] {
  const kubeconfigs = tops.flatMap((top) =>
    kubeconfigPaths(top).map((path) => `use the kubeconfig ${printable(String(valueAt(top, path)))}, which can run programs`),
  )
  const listens = resolved.flatMap(({ forward }) =>
    forward.ports.flatMap(({ localPort, addresses }) =>
      addresses.flatMap(({ address }): readonly string[] => {
        const where = `listen on ${endpointText(address, localPort)} for "${forward.name}"`
        if (!isLoopback(address)) return [`${where}, which others can reach`]
        return localPort > 0 && localPort < FIRST_FREE_PORT ? [`${where}, a port below 1024`] : []
      }),
    ),
  )
  return [...new Set([...kubeconfigs, ...fileRisks(outside), ...listens])].toSorted()
}

/** Files that are not of the project: asked about before anything of them is used. */
export function fileRisks(outside: readonly string[]): readonly string[] {
  return outside.map((path) => `use the file ${printable(path)}, which is outside of the project`).toSorted()
}

function kubeconfigPaths(top: Plain): readonly (readonly Step[])[] {
  const holders: readonly (readonly Step[])[] = [
    [],
    ['defaults'],
    ...Object.keys(plainOr(top['clusters'])).map((name) => ['clusters', name]),
    ...Object.keys(plainOr(top['forwards'])).map((name) => ['forwards', name]),
  ]
  return holders.map((path) => [...path, 'kubeconfig']).filter((path) => typeof valueAt(top, path) === 'string')
}
