/** Looks at the machine for what is no more as it was when a project was started or applied. */
import { type DriftBody, driftOf, type SocketFact } from '../../control/drift.ts'
import type { Snapshot } from '../../file/load.ts'
import type { Problem } from '../../file/problems.ts'
import { type FileRead, stampOf } from '../../system/files.ts'
import { changedAt, holderOfSocket, type ListeningSocket, listeningSockets, programSince } from '../../system/listening.ts'
import { readAgain } from '../file/project-file.ts'

/** What a run knows of itself. */
export interface DriftParts {
  readonly snapshot: Snapshot
  readonly problems: readonly Problem[]
  readonly appliedMsAgo: number
  readonly isWatching: boolean
  readonly kubeconfigs: readonly string[]
  readonly kubeconfigsReadMs: number
  readonly startedMs: number
  readonly bound: readonly { readonly forward: string; readonly listener: string }[]
}

/** All that differs now. */
export async function lookForDrift(parts: DriftParts): Promise<readonly DriftBody[]> {
  const ports = new Set(contested(parts.bound.map(({ listener }) => listener)))
  const [changedFiles, times, since, all] = await Promise.all([
    changedIn(parts.snapshot),
    Promise.all(parts.kubeconfigs.map(changedAt)),
    programSince(),
    ports.size > 0 ? listeningSockets() : undefined,
  ])
  return driftOf({
    changedFiles,
    problems: parts.problems,
    appliedMsAgo: parts.appliedMsAgo,
    isWatching: parts.isWatching,
    newerKubeconfigs: parts.kubeconfigs.filter((_path, index) => (times[index] ?? 0) > parts.kubeconfigsReadMs),
    program: since === undefined ? 'gone' : since > parts.startedMs ? 'newer' : 'same',
    bound: parts.bound.filter(({ listener }) => ports.has(Number(listener.split(':').at(-1)))),
    sockets: all && (await Promise.all(all.filter(({ port }) => ports.has(port)).map(named))),
  })
}

/**
 * The ports that another program could answer for: those of 127.0.0.1 alone. A socket that
 * listens keeps its endpoint, so with ::1 there is nothing left to take; and the kernel
 * walks through all its connections to say who listens, which takes it 7 ms.
 */
function contested(listeners: readonly string[]): readonly number[] {
  const all = new Set(listeners)
  return listeners.flatMap((listener) => {
    const port = /^127\.0\.0\.1:(\d+)$/.exec(listener)?.[1]
    return port === undefined || all.has(`[::1]:${port}`) ? [] : [Number(port)]
  })
}

/** Only strangers are looked for: that walks through all processes. */
async function named({ inode, ...socket }: ListeningSocket): Promise<SocketFact> {
  const holder = socket.isOwn ? undefined : await holderOfSocket(inode)
  return { ...socket, ...(holder && { holder: `${holder.command} (pid ${holder.pid})` }) }
}

/** The files that are other than in the snapshot; read is only what may have been written since. */
async function changedIn(snapshot: Snapshot): Promise<readonly string[]> {
  const changed = await Promise.all(
    [...snapshot].map(async ([path, file]) => {
      if (file.kind === 'read' && file.stamp !== undefined && file.stamp === (await stampOf(path))) return []
      return isSame(file, (await readAgain([path], snapshot)).get(path)) ? [] : [path]
    }),
  )
  return changed.flat()
}

function isSame(one: FileRead, other: FileRead | undefined): boolean {
  if (one.kind !== 'read' || other?.kind !== 'read') return one.kind === other?.kind
  return Buffer.compare(one.bytes, other.bytes) === 0
}
