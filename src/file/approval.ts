/** What a file that somebody else wrote may not do without a question. Pure. */
import type { Step } from './document.ts'
import { portPlace, type Resolved } from './endpoints.ts'
import type { ProblemSink } from './entry.ts'
import { isPlain } from './plain.ts'

/** What to do where a question stands in the way. */
export function approvalFix(otherwise: string): string {
  return `${otherwise}; approving a file is planned, not in this version`
}

/** What a file that somebody else wrote may not do without a question; addresses are asked about where they are read. */
export function askAbout(top: Record<string, unknown>, resolved: readonly Resolved[], sink: ProblemSink): void {
  for (const path of kubeconfigPaths(top)) {
    const fix = 'remove it and use --kubeconfig or KUBECONFIG; approving a file is planned, not in this version'
    sink(path, 'KPF_APPROVAL', 'a kubeconfig named by the file can run programs: it needs approval', { fix, approval: true })
  }
  for (const one of resolved) {
    for (const [index, { localPort }] of one.forward.ports.entries()) {
      if (localPort < 1 || localPort >= 1024) continue
      const fix = 'write a local port of 1024 or more, as 8080:80; approving a file is planned, not in this version'
      const { path, inside } = portPlace(one, index)
      sink(path, 'KPF_APPROVAL', `local port ${localPort} is below 1024: binding it needs approval`, { ...inside, fix, approval: true })
    }
  }
}

function kubeconfigPaths(top: Record<string, unknown>): readonly (readonly Step[])[] {
  const holders: readonly (readonly Step[])[] = [
    [],
    ['defaults'],
    ...Object.keys(isPlain(top['clusters']) ? top['clusters'] : {}).map((name) => ['clusters', name]),
    ...Object.keys(isPlain(top['forwards']) ? top['forwards'] : {}).map((name) => ['forwards', name]),
  ]
  return holders
    .filter((path) => {
      const holder = path.reduce<unknown>((value, key) => (isPlain(value) ? value[key] : undefined), top)
      return isPlain(holder) && typeof holder['kubeconfig'] === 'string'
    })
    .map((path) => [...path, 'kubeconfig'])
}
