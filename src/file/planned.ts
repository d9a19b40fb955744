/** Fields that the language will have: known, refused by name, never ignored. Pure. */

const top = ['environments', 'templates', 'tags', 'hostnames', 'gateway', 'hooks', 'relay']
const forward = ['lazy', 'readinessProbe', 'extends', 'tags', 'ordinal', 'relay', 'direction', 'http', 'tls', 'hostnames', 'faults', 'hooks']
const inside: Readonly<Record<string, readonly string[]>> = {
  pods: ['strategy', 'standby'],
  transport: ['lanes'],
  timeouts: ['idle', 'ttl'],
  settings: ['metrics'],
}

/** Whether `key`, found in the object at `path`, is a field of a later version. */
export function isPlanned(path: readonly (string | number)[], key: string): boolean {
  if (path.length === 0) return top.includes(key)
  if (path[0] === 'settings') return path.length === 1 && (inside['settings']?.includes(key) ?? false)
  const isForward = (path[0] === 'forwards' && path.length === 2) || (path[0] === 'defaults' && path.length === 1)
  if (isForward) return forward.includes(key)
  const holder = path.findLast((step) => typeof step === 'string')
  return typeof holder === 'string' && (inside[holder]?.includes(key) ?? false)
}

/** All of them by their paths, for people. */
export function plannedPaths(): readonly string[] {
  const holders = Object.entries(inside).flatMap(([holder, keys]) => keys.map((key) => `${holder === 'settings' ? holder : `forwards.*.${holder}`}.${key}`))
  return [...top, ...forward.map((key) => `forwards.*.${key}`), ...holders]
}
