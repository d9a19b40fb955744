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
