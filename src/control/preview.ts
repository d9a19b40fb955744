/** The plan of a project that runs, without anything being done. Pure. */
import type { Forward, PortMapping, Project } from '../file/forward.ts'
import type { Operation } from '../supervisor/plan.ts'
import type { PlannedBody } from './shapes.ts'
import type { Wish } from './wish.ts'

/** Free ports are those that the running forward of that name has: a plan chooses none. */
export function withPortsOf(project: Project, running: readonly Forward[]): Project {
  // Of two with one name the first counts: the other one drains.
  const specs = new Map(running.toReversed().map((spec) => [spec.name, spec]))
  const forwards = project.forwards.map((forward) => {
    const before = specs.get(forward.name)?.ports
    return before?.length === forward.ports.length ? { ...forward, ports: forward.ports.map((port, index) => filled(port, before[index])) } : forward
  })
  return { ...project, forwards }
}

function filled(port: PortMapping, before: PortMapping | undefined): PortMapping {
  if (before === undefined) return port
  const isOwn = port.addresses.some(({ address }) => address === 'auto')
  return { ...port, ...(port.localPort === 0 && { localPort: before.localPort }), ...(isOwn && { addresses: before.addresses }) }
}

/** What would be done to `wanted`, in words that a person who has stopped something by hand understands. */
export function planned(
  wanted: Project,
  operations: readonly Operation[],
  { stopped, generation }: Pick<Wish, 'stopped'> & { readonly generation: number },
): Extract<PlannedBody, { readonly kind: 'planned' }> {
  const touched = new Set(operations.map(({ forward }) => forward))
  return {
    kind: 'planned',
    generation,
    plan: operations.map((operation) =>
      operation.kind === 'start' && stopped.includes(operation.forward) ? { ...operation, cause: 'was stopped by hand' } : operation,
    ),
    kept: wanted.forwards.flatMap(({ name, enabled }) => (enabled && !touched.has(name) ? [name] : [])),
    resting: wanted.forwards.flatMap(({ name, enabled }) => (enabled ? [] : [name])),
  }
}
