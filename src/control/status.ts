/** The status of a project, made of a snapshot. Pure. */
import type { Forward, PortMapping, Project } from '../file/forward.ts'
import { localText, targetText } from '../output/words.ts'
import type { Place } from '../supervisor/events.ts'
import type { Row, Snapshot } from '../supervisor/supervisor.ts'
import { API_VERSION, type ForwardBody, type PortBody, type StatusBody } from './shapes.ts'

/** What a snapshot does not say. */
export interface StatusFacts extends Omit<StatusBody, 'v' | 'forwards' | 'generation'> {
  readonly wallAt: (clockMs: number) => string
  readonly restarts: (forward: string) => number
  readonly urlOf: (port: PortMapping) => string
}

/** Every forward of the file once, in its order: those that run, those that are ending, those that rest. */
export function statusBody(snapshot: Snapshot, project: Project, { wallAt, restarts, urlOf, ...facts }: StatusFacts): StatusBody {
  const rows = new Map<string, ForwardBody>()
  // A name that is given again while its last owner drains is that of the new one, which stands first.
  for (const row of snapshot.rows) if (!rows.has(row.spec.name)) rows.set(row.spec.name, running(row, { wallAt, restarts, urlOf }))
  const rest = project.forwards.filter(({ name }) => !rows.has(name)).map((spec) => resting(spec, facts.startedAt, urlOf))
  const order = new Map(project.forwards.map(({ name }, index) => [name, index]))
  const place = ({ name }: ForwardBody): number => order.get(name) ?? order.size
  const all = [...rows.values()].map((body): ForwardBody => (order.has(body.name) || body.state === 'stopping' ? body : { ...body, orphan: true }))
  return { v: API_VERSION, ...facts, generation: snapshot.generation, forwards: [...all, ...rest].toSorted((a, b) => place(a) - place(b)) }
}

function running({ spec, status, sinceMs, traffic }: Row, { wallAt, restarts, urlOf }: Pick<StatusFacts, 'wallAt' | 'restarts' | 'urlOf'>): ForwardBody {
  return {
    ...described(spec, urlOf, status.place),
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

function resting(spec: Forward, since: string, urlOf: StatusFacts['urlOf']): ForwardBody {
  return {
    ...described(spec, urlOf),
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

type Described = Pick<ForwardBody, 'name' | 'context' | 'namespace' | 'target' | 'ports'>

function described(spec: Forward, urlOf: StatusFacts['urlOf'], place: Partial<Place> = {}): Described {
  const { context = place.context, namespace = place.namespace } = spec.access
  return {
    name: spec.name,
    ...(context !== undefined && { context }),
    ...(namespace !== undefined && { namespace }),
    target: targetText(spec),
    ports: spec.ports.map(
      (port): PortBody => ({
        ...(port.name !== undefined && { name: port.name }),
        address: port.addresses[0]?.address ?? '127.0.0.1',
        localPort: port.localPort,
        remotePort: port.remotePort,
        url: urlOf(port),
        ...(port.primary === true && { primary: true }),
      }),
    ),
  }
}
