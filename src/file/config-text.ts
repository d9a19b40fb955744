/**
 * A project as a forwards file that says everything: nothing is left to a default, a
 * variable or another file. Read again it means the same. Pure.
 */
import { stringify } from 'yaml'
import { durationText } from './duration.ts'
import type { Access, Forward, LocalAddress, PortMapping, Project, RestartPolicy, Target } from './forward.ts'
import type { Plain } from './plain.ts'
import { unmarked } from './veil.ts'

/** How texts are printed: `redact` goes over every one, `marked` puts marks for variables into those that are free. */
export interface Shown {
  readonly redact: (text: string) => string
  readonly marked: (text: string) => string
}

/** The values of that file. */
export function configOf(project: Project, shown: Shown): Plain {
  const clusters = new Map<string, Plain>()
  const forwards = Object.fromEntries(project.forwards.map((forward) => [forward.name, forwardOf(forward, clusters)]))
  const { concurrency, watchDebounceMs, portRange } = project.settings
  const value = {
    apiVersion: 'kpf/v1',
    name: project.name,
    ...described(project.description),
    ...(clusters.size > 0 && { clusters: Object.fromEntries(clusters) }),
    forwards,
    ...(project.exports && { exports: mapped(project.exports) }),
    settings: { concurrency, ...(portRange && { portRange: `${portRange.first}-${portRange.last}` }), watch: { debounce: durationText(watchDebounceMs) } },
  }
  const redacted = redactedIn(value, shown)
  // The redaction of a map is a map.
  return redacted as Plain
}

/** The text of that file. */
export function configText(project: Project, shown: Shown): string {
  return stringify(configOf(project, shown), { lineWidth: 0, aliasDuplicateObjects: false })
}

function forwardOf(forward: Forward, clusters: Map<string, Plain>): Plain {
  const { hold, backoff, timeouts, transport } = forward
  return {
    target: targetOf(forward.target),
    ports: forward.ports.map(portOf),
    ...described(forward.description),
    ...defined({ protected: forward.protected }),
    ...defined({ dependsOn: forward.dependsOn }),
    ...(forward.links && { links: mapped(forward.links) }),
    ...accessOf(forward.access, clusters),
    enabled: forward.enabled,
    pods: { requireReady: forward.requireReady },
    transport: { mode: transport.mode, pingInterval: durationText(transport.pingIntervalMs) },
    hold:
      hold.maxConnections === 0 ? 'off' : { timeout: durationText(hold.timeoutMs), window: durationText(hold.windowMs), maxConnections: hold.maxConnections },
    drain: { timeout: durationText(forward.drainTimeoutMs) },
    backoff: {
      initial: durationText(backoff.initialMs),
      factor: backoff.factor,
      max: durationText(backoff.maxMs),
      jitter: backoff.jitter,
      resetAfter: durationText(backoff.resetAfterMs),
    },
    restart: restartText(forward.restart),
    timeouts: { dial: durationText(timeouts.dialMs), stream: durationText(timeouts.streamMs), halfClose: durationText(timeouts.halfCloseMs) },
    limits: { maxConnections: forward.maxConnections },
  }
}

/** What the server must be stands in an alias: so one is made where it is said. */
function accessOf({ kubeconfig, context, namespace, as, asGroups, expectServer }: Access, clusters: Map<string, Plain>): Plain {
  const rest = defined({ namespace, as, asGroups })
  if (expectServer === undefined) return { ...defined({ kubeconfig, context }), ...rest }
  const entry = { ...defined({ kubeconfig, context }), expect: { server: expectServer } }
  const same = [...clusters].find(([, other]) => JSON.stringify(other) === JSON.stringify(entry))
  const cluster = same?.[0] ?? `cluster-${clusters.size + 1}`
  clusters.set(cluster, entry)
  return { cluster, ...rest }
}

function targetOf(target: Target): unknown {
  const container = defined({ container: target.container })
  if (target.kind === 'selector') return { labelSelector: target.labelSelector, ...container }
  const [kind, name] = target.kind === 'prefix' ? [target.of, `${target.prefix}*`] : [target.kind, target.name]
  return target.container === undefined ? `${kind}/${name}` : { kind, name, ...container }
}

function portOf(port: PortMapping): Plain {
  const { name, localPort, remotePort, meaning, addresses, onConflict, appProtocol, primary } = port
  return {
    ...defined({ name }),
    localPort: localPort === 0 ? 'auto' : localPort,
    [meaning === 'container' ? 'containerPort' : 'remotePort']: remotePort,
    ...defined({ appProtocol, primary, onConflict }),
    addresses: addressesOf(addresses),
  }
}

/** `localhost` is two addresses, of which the second may be missing. */
function addressesOf(addresses: readonly LocalAddress[]): readonly string[] {
  return addresses.flatMap(({ address, ifPresent }, index) => {
    if (ifPresent) return []
    return addresses[index + 1]?.ifPresent === true ? ['localhost'] : [address]
  })
}

function restartText(restart: RestartPolicy): string {
  return restart.kind === 'on-failure' && restart.limit !== undefined ? `on-failure:${restart.limit}` : restart.kind
}

/** A text that may hold what a variable does; a template has references in it, and its dollars doubled already. */
class FreeText {
  readonly text: string
  readonly isTemplate: boolean

  constructor(text: string, isTemplate: boolean) {
    this.text = text
    this.isTemplate = isTemplate
  }
}

function described(description: string | undefined): Plain {
  return description === undefined ? {} : { description: new FreeText(description, false) }
}

function mapped(templates: Readonly<Record<string, string>>): Plain {
  return Object.fromEntries(Object.entries(templates).map(([name, text]) => [name, new FreeText(text, true)]))
}

function defined(values: Plain): Plain {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function redactedIn(value: unknown, shown: Shown): unknown {
  // A dollar of a value is no variable when it is read again.
  if (value instanceof FreeText) {
    const text = shown.marked(value.text)
    return unmarked(shown.redact(value.isTemplate ? text : text.replaceAll('$', '$$$$')))
  }
  if (typeof value === 'string') return shown.redact(value.replaceAll('$', '$$$$'))
  if (Array.isArray(value)) return value.map((entry) => redactedIn(entry, shown))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactedIn(inner, shown)]))
}
