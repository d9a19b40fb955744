/** Forwards to service api, and their ports, with only what a test is about spelled out. */
import type { Forward, PortMapping } from '../../src/file/forward.ts'
import { forward as fromLine } from '../fake/forward.ts'

/** A forward on one port of 127.0.0.1. */
export function forward(name: string, localPort: number, changes: Partial<Forward> = {}): Forward {
  return fromLine(`${name} ${localPort} api 80`, changes)
}

export function mapping(localPort: number, remotePort: number | string = 80): PortMapping {
  return { localPort, remotePort, meaning: 'target', addresses: [{ address: '127.0.0.1', ifPresent: false }] }
}

/** `localhost`, as the file's default spells it out. */
export function onLocalhost(localPort: number, remotePort: number | string = 80): PortMapping {
  return {
    ...mapping(localPort, remotePort),
    addresses: [
      { address: '127.0.0.1', ifPresent: false },
      { address: '::1', ifPresent: true },
    ],
  }
}
