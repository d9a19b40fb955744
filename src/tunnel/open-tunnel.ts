/** The tunnel that belongs to an upgraded connection, whichever transport was agreed on. */
import { ChannelTunnel } from './channel-tunnel.ts'
import { dial, type DialParts } from './dial.ts'
import type { Upgraded } from './dialer.ts'
import { SpdyTunnel } from './spdy-tunnel.ts'
import type { Tunnel, TunnelEvents, TunnelOptions } from './tunnel.ts'

/** Begins at once; what becomes of it is told to `events`. */
export function openTunnel(upgraded: Upgraded, parts: TunnelOptions & DialParts, events: TunnelEvents): Tunnel {
  if (upgraded.transport !== 'channel') return new SpdyTunnel(upgraded, parts, events)
  const dialPort = (port: number, signal: AbortSignal): ReturnType<typeof dial> => dial(parts, { transport: 'channel', ports: [port] }, signal)
  return new ChannelTunnel(upgraded, { ...parts, dial: dialPort }, events)
}
