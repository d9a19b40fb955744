/** Where what runs is no more what the machine has (rule P5): facts to findings. Pure. */
import { agoText } from '../output/words.ts'
import type { Problem } from '../file/problems.ts'

/** One difference. */
export interface DriftBody {
  readonly kind: 'file' | 'kubeconfig' | 'program' | 'listener' | 'loopback6'
  readonly forward?: string
  readonly message: string
  readonly hint: string
  /** Of a file that was refused. */
  readonly problems?: readonly Problem[]
}

/** What was looked at. */
export interface DriftFacts {
  /** Files that are not what was applied. */
  readonly changedFiles: readonly string[]
  /** Of the last try to apply them. */
  readonly problems: readonly Problem[]
  /** Since when what runs does. */
  readonly appliedMsAgo: number
  readonly isWatching: boolean
  /** Kubeconfigs that changed after they were read. */
  readonly newerKubeconfigs: readonly string[]
  readonly program: 'same' | 'newer' | 'gone'
  readonly bound: readonly { readonly forward: string; readonly listener: string }[]
  /** Undefined where the machine does not tell. */
  readonly sockets: readonly SocketFact[] | undefined
}

/** A socket that listens on this machine. */
export interface SocketFact {
  readonly address: string
  readonly port: number
  readonly isOwn: boolean
  /** `nginx (pid 312)`, when that is known. */
  readonly holder?: string
}

/** All differences, the file's first. */
export function driftOf(facts: DriftFacts): readonly DriftBody[] {
  return [...ofFiles(facts), ...ofKubeconfigs(facts), ...ofProgram(facts), ...facts.bound.flatMap((one) => ofListener(one, facts.sockets))]
}

function ofFiles({ changedFiles, problems, appliedMsAgo, isWatching }: DriftFacts): readonly DriftBody[] {
  // What was put back is what runs, whatever was refused in between.
  if (changedFiles.length === 0) return []
  const applied = `applied ${agoText(appliedMsAgo)}`
  const [first, ...more] = problems
  if (first !== undefined) {
    const count = more.length === 0 ? '' : ` (and ${more.length} more)`
    const message = `the file is newer than what runs (${applied}), and not applied: ${first.file}:${first.line}:${first.column} ${first.message}${count}`
    return [{ kind: 'file', message, hint: 'all of it: kpf check', problems }]
  }
  const hint = isWatching ? 'it is applied in a moment' : 'edits are not watched: kpf reload'
  return [{ kind: 'file', message: `newer than what runs (${applied}): ${changedFiles.join(', ')}`, hint }]
}

function ofKubeconfigs({ newerKubeconfigs }: DriftFacts): readonly DriftBody[] {
  return newerKubeconfigs.map((path) => ({
    kind: 'kubeconfig',
    message: `${path} is newer than the connections that were made with it`,
    hint: 'to read it again: kpf down, then kpf up',
  }))
}

function ofProgram({ program }: DriftFacts): readonly DriftBody[] {
  if (program === 'same') return []
  const message = program === 'newer' ? 'kpf on this machine is newer than the one that runs' : 'the kpf that runs is no more on this machine'
  return [{ kind: 'program', message, hint: 'to start it anew: kpf down, then kpf up' }]
}

function ofListener({ forward, listener }: DriftFacts['bound'][number], sockets: DriftFacts['sockets']): readonly DriftBody[] {
  const [, address = '', digits = ''] = /^\[?([^\]]*)\]?:(\d+)$/.exec(listener) ?? []
  const port = Number(digits)
  // Other addresses of version 6 have more than one form.
  if (sockets === undefined || (address.includes(':') && address !== '::' && address !== '::1')) return []
  const there = sockets.filter((socket) => socket.port === port)
  const found: DriftBody[] = []
  if (!there.some((socket) => socket.address === address && socket.isOwn)) {
    const other = there.find((socket) => socket.address === address)
    const what = other === undefined ? 'nothing listens there any more' : `it is ${other.holder ?? 'another program'} that listens there`
    found.push({ kind: 'listener', forward, message: `${listener}: ${what}`, hint: `to bind it again: kpf restart ${forward}` })
  }
  // A name is looked up as ::1 first by most clients: they would reach the other program.
  const isLoopback = address === '127.0.0.1' && !there.some((socket) => socket.address === '::1' && socket.isOwn)
  const foreign = isLoopback ? there.find((socket) => (socket.address === '::1' || socket.address === '::') && !socket.isOwn) : undefined
  if (foreign !== undefined) {
    const message = `localhost:${port} may lead to ${foreign.holder ?? 'another program'}, which has port ${port} of ${foreign.address}`
    found.push({ kind: 'loopback6', forward, message, hint: `write 127.0.0.1:${port}, or end that program` })
  }
  return found
}
