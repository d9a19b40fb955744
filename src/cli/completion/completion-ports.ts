/** Ports of a Kubernetes object, as words of `[LOCAL:]REMOTE`. Pure. */
import { record, records } from '../../cluster/kube-object.ts'
import type { Candidate } from './completion-line.ts'

/** Below it a port is for the administrator of a machine. */
const FIRST_FREE = 1_024
const FAMILIAR: Readonly<Record<number, number>> = { 80: 8_080, 443: 8_443 }

/** `8080:80`, `5432`; behind a local port that was written, each remote one by number and name. */
export function portCandidates(object: Record<string, unknown> | undefined, current: string): readonly Candidate[] {
  const ports = portsOf(object)
  const local = current.includes(':') ? current.slice(0, current.lastIndexOf(':') + 1) : undefined
  if (local === undefined)
    return ports.map(({ number, name }) => ({ value: number < FIRST_FREE ? `${FAMILIAR[number] ?? number + 8_000}:${number}` : `${number}`, meaning: name }))
  return ports.flatMap(({ number, name }) => [
    { value: `${local}${number}`, meaning: name },
    ...(name === '' ? [] : [{ value: `${local}${name}`, meaning: `${number}` }]),
  ])
}

function portsOf(object: Record<string, unknown> | undefined): readonly { readonly number: number; readonly name: string }[] {
  const spec = record(object?.['spec'])
  const pod = spec['template'] === undefined ? spec : record(record(spec['template'])['spec'])
  const ports = [...records(spec['ports']), ...records(pod['containers']).flatMap((container) => records(container['ports']))]
  return ports.flatMap((port) => {
    const number = port['port'] ?? port['containerPort']
    const { name } = port
    return typeof number === 'number' ? [{ number, name: typeof name === 'string' ? name : '' }] : []
  })
}
