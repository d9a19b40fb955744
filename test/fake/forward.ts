/** A forward to change in tests: `forward('web 3000 svc/web 80')` and what differs. */
import type { Forward } from '../../src/file/forward.ts'
import { builtIn } from '../../src/file/policies.ts'

/** `NAME LOCAL SERVICE REMOTE`. */
export function forward(line: string, changes: Partial<Forward> = {}): Forward {
  const [name = '', localPort = '', service = '', remotePort = ''] = line.split(' ')
  return {
    ...builtIn,
    name,
    access: {},
    target: { kind: 'service', name: service },
    ports: [{ localPort: Number(localPort), remotePort: Number(remotePort), meaning: 'target', addresses: [{ address: '127.0.0.1', ifPresent: false }] }],
    position: { file: 'forwards.yaml', line: 1, column: 1 },
    ...changes,
  }
}
