/** The flags of `kpf up` that bound a run: checked before anything begins. */
import { printable } from '../../file/printable.ts'
import { isOpenFd } from '../../system/ready-fd.ts'
import { type Context, isSet, textFlag } from '../context.ts'
import { durationFlag } from '../durations.ts'
import type { Mistake } from '../mistake.ts'
import { DEFAULT_TIMEOUT_MS } from '../ask/wait.ts'

/** What a run was asked for beside its file. */
export interface UpOptions {
  readonly ttlMs: number | undefined
  /** How long readiness is waited for, where it is. */
  readonly waitMs: number
  readonly endsOnFailure: boolean
  readonly portsFile: string | undefined
  /** A descriptor that is told when all are ready. */
  readonly readyFd: number | undefined
}

/** The options, or what is wrong with them. */
export function upOptions(context: Context): UpOptions | Mistake {
  const { flags, words } = context
  if (isSet(flags, 'no-deps') && words.length === 0)
    return { message: '--no-deps is for forwards that are named', fix: 'write: kpf up --no-deps NAME', flag: 'no-deps' }
  const ttlMs = durationFlag(flags, 'ttl', '30s, 10m or 8h')
  if (typeof ttlMs === 'object') return ttlMs
  const waitMs = durationFlag(flags, 'wait-timeout', '30s, 10m or 8h') ?? DEFAULT_TIMEOUT_MS
  if (typeof waitMs === 'object') return waitMs
  const fd = textFlag(flags, 'ready-fd')
  const readyFd = fd === undefined ? undefined : Number(fd)
  if (readyFd !== undefined && (isSet(flags, 'detach') || isSet(flags, 'wait')))
    return { message: '--ready-fd is for a run in the foreground', fix: 'kpf up --wait ends when all are ready', flag: 'ready-fd' }
  if (readyFd !== undefined && (!/^\d{1,4}$/.test(fd ?? '') || !isOpenFd(readyFd)))
    return {
      message: `--ready-fd is no open descriptor: "${printable(fd ?? '')}"`,
      fix: 'open it for kpf, as in: kpf up --ready-fd 3 3>ready',
      flag: 'ready-fd',
    }
  return {
    readyFd,
    ttlMs,
    waitMs,
    endsOnFailure: isSet(flags, 'abort-on-failure'),
    portsFile: textFlag(flags, 'ports-file'),
  }
}
