/** A forward that stands in no file: kubectl's words, read into the same shape as an entry. Pure. */
import { isIp, localhost, readEntry } from '../../file/entry.ts'
import type { Access, Forward, PortMapping } from '../../file/forward.ts'
import { readPort } from '../../file/port-text.ts'
import { printable } from '../../file/printable.ts'
import { builtIn } from '../../file/policies.ts'
import { splitTarget } from '../../file/target-text.ts'
import type { Mistake } from '../mistake.ts'

/** What such a forward is called. */
export const AD_HOC_NAME = 'forward'

/** The words of a command line. */
export interface AdHocWords {
  /** `svc/api`, or a pod's name. */
  readonly target: string
  /** `8080:80`, `:80`, `http`. */
  readonly ports: readonly string[]
  readonly access: Access
  /** Comma separated; localhost when it is absent. */
  readonly address?: string
}

/** The forward, or the first thing that is wrong. */
export function oneForward({ target, ports: portTexts, access, address }: AdHocWords): Forward | Mistake {
  const problems: Mistake[] = []
  const addresses = addressesOf(address, problems)
  const ports = portTexts.flatMap((text): PortMapping[] => {
    const port = readPort(text)
    if ('message' in port) {
      problems.push(port)
      return []
    }
    return [{ localPort: port.localPort ?? 0, remotePort: port.remotePort, meaning: 'target', addresses }]
  })
  if (splitTarget(target) === undefined) problems.push({ message: `"${target}" is not a target`, fix: 'write TYPE/NAME, such as svc/api' })
  const entry = readEntry(`${target} 1`, [], (_path, _code, message, more) => problems.push({ message, fix: more?.fix ?? 'see: kpf help' }), undefined)
  const [problem] = problems
  if (problem || entry === undefined) return problem ?? { message: 'no target', fix: 'see: kpf help' }
  if (ports.length === 0) return { message: 'no port is named', fix: 'add [LOCAL:]REMOTE, such as 8080:80' }
  return { ...builtIn, name: AD_HOC_NAME, access, target: entry.target, ports, requireReady: false, position: { file: '', line: 0, column: 0 } }
}

function addressesOf(flag: string | undefined, problems: Mistake[]): PortMapping['addresses'] {
  if (flag === undefined) return localhost
  return flag.split(',').flatMap((address) => {
    if (address === 'localhost') return localhost
    if (isIp(address)) return [{ address, ifPresent: false }]
    problems.push({ message: `"${printable(address)}" is not a valid IP`, fix: 'write an IP, such as 127.0.0.1, or localhost', flag: 'address' })
    return []
  })
}
