/** The status of a project, made of a snapshot. Pure. */
import type { Forward, Project } from '../file/forward.ts'
import { localText, targetText } from '../output/words.ts'
import type { Row, Snapshot } from '../supervisor/supervisor.ts'
import { API_VERSION, type ForwardBody, type PortBody, type StatusBody } from './shapes.ts'

/** What a snapshot does not say. */
export interface StatusFacts extends Omit<StatusBody, 'v' | 'forwards' | 'generation'> {
  readonly wallAt: (clockMs: number) => string
  readonly restarts: (forward: string) => number
}

/** Every forward of the file once, in its order: those that run, those that are ending, those that rest. */
export function statusBody(snapshot: Snapshot, project: Project, { wallAt, restarts, ...facts }: StatusFacts): StatusBody {
  const rows = new Map<string, ForwardBody>()
  // A name that is given again while its last owner drains is that of the new one, which stands first.
  for (const row of snapshot.rows) if (!rows.has(row.spec.name)) rows.set(row.spec.name, running(row, { wallAt, restarts }))
  const rest = project.forwards.filter(({ name }) => !rows.has(name)).map((spec) => resting(spec, facts.startedAt))
  const order = new Map(project.forwards.map(({ name }, index) => [name, index]))
  const place = ({ name }: ForwardBody): number => order.get(name) ?? order.size
  return { v: API_VERSION, ...facts, generation: snapshot.generation, forwards: [...rows.values(), ...rest].toSorted((a, b) => place(a) - place(b)) }
}

function running({ spec, status, sinceMs, traffic }: Row, { wallAt, restarts }: Pick<StatusFacts, 'wallAt' | 'restarts'>): ForwardBody {
  return {
    ...described(spec),
    state: status.state,
    phase: status.phase,
    reason: status.reason ?? null,
    ...(status.message !== undefined && { message: status.message }),
    ...(status.hint !== undefined && { hint: status.hint }),
    local: localText(spec, status),
    listeners: status.listeners,
    pod: status.pod ?? null,
    ...(status.image !== undefined && { image: status.image }),
    connections: traffic,
    restarts: restarts(spec.name),
    since: wallAt(sinceMs),
    nextRetryAt: status.nextRetryAtMs === undefined ? null : wallAt(status.nextRetryAtMs),
  }
}

function resting(spec: Forward, since: string): ForwardBody {
  return {
    ...described(spec),
    state: 'stopped',
    phase: 'stopped',
    reason: null,
    local: localText(spec),
    listeners: [],
    pod: null,
    connections: { open: 0, draining: 0, held: 0, served: 0, failed: 0 },
    restarts: 0,
    since,
    nextRetryAt: null,
  }
}

function described(spec: Forward): Pick<ForwardBody, 'name' | 'context' | 'namespace' | 'target' | 'ports'> {
  const { context, namespace } = spec.access
  return {
    name: spec.name,
    ...(context !== undefined && { context }),
    ...(namespace !== undefined && { namespace }),
    target: targetText(spec),
    ports: spec.ports.map(
      ({ name, localPort, remotePort, addresses }): PortBody => ({
        ...(name !== undefined && { name }),
        address: addresses[0]?.address ?? '127.0.0.1',
        localPort,
        remotePort,
      }),
    ),
  }
}
