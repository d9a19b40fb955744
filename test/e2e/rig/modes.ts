/** The servers that kpf must live with, as flags of one and the same test cluster. */

/** Each name says who runs the tunnel, or what the server does not know. */
export type Mode = 'default' | 'translated' | 'spdy-only' | 'emulated-1.34'

const noTunnelInKubelet = '--kubelet-arg=--feature-gates=ExtendWebSocketsToKubelet=false'
const noTunnelInApiServer = '--apiserver-arg=--feature-gates=PortForwardWebsockets=false'

export const modeFlags: Readonly<Record<Mode, readonly string[]>> = {
  // 1.36: the API server passes the WebSocket on, the kubelet runs the tunnel.
  default: [],
  // 1.31 to 1.35: the API server runs the tunnel and speaks SPDY to the kubelet.
  translated: [noTunnelInKubelet],
  // Before 1.30, and managed servers that switched the gate off. One gate alone does not do it.
  'spdy-only': [noTunnelInKubelet, noTunnelInApiServer],
  // Before 1.35 a WebSocket needed no "create" on pods/portforward.
  'emulated-1.34': ['--apiserver-arg=--emulated-version=1.34'],
}

/** All modes, for tests that run in each. */
export const modes = Object.keys(modeFlags) as readonly Mode[]

/** How `run.ts` tells the tests. */
export const modeVariable = 'KPF_E2E_MODE'

/**
 * The one mode that a run was narrowed to (`npm run test:e2e -- --mode NAME`), for every
 * cluster that names none itself. An unknown name is a failure, or nothing would be tested.
 */
export function askedMode(env: Readonly<Record<string, string | undefined>> = process.env): Mode | undefined {
  const name = env[modeVariable]
  if (name === undefined || name === '') return undefined
  const mode = modes.find((known) => known === name)
  if (mode === undefined) throw new Error(`there is no mode "${name}": use ${modes.join(', ')}`)
  return mode
}
