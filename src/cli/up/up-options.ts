/** The flags of `kpf up` that bound a run: checked before anything begins. */
import { durationMs } from '../../file/duration.ts'
import { isOpenFd } from '../../system/ready-fd.ts'
import { type Context, isSet, textFlag } from '../context.ts'
import { isDuration } from '../durations.ts'
import { outputForm } from './renderer.ts'

/** What a run was asked for beside its file. */
export interface UpOptions {
  readonly ttlMs: number | undefined
  readonly endsOnFailure: boolean
  readonly portsFile: string | undefined
  /** A descriptor that is told when all are ready. */
  readonly readyFd: number | undefined
}

/** The options, or what is wrong with them in two lines. */
export function upOptions(context: Context): UpOptions | string {
  const { flags, words } = context
  if (outputForm(context) === undefined) return `up knows no output "${textFlag(flags, 'output')}"\n    use auto, plain, jsonl or quiet`
  if (isSet(flags, 'no-deps') && words.length === 0) return '--no-deps is for forwards that are named\n    write: kpf up --no-deps NAME'
  const wrong = ['ttl', 'wait-timeout'].find((name) => !isDuration(textFlag(flags, name) ?? '1s'))
  if (wrong !== undefined) return `--${wrong} is no duration: "${textFlag(flags, wrong)}"\n    write 30s, 10m or 8h`
  const fd = textFlag(flags, 'ready-fd')
  const readyFd = fd === undefined ? undefined : Number(fd)
  if (readyFd !== undefined && (isSet(flags, 'detach') || isSet(flags, 'wait')))
    return '--ready-fd is for a run in the foreground\n    kpf up --wait ends when all are ready'
  if (readyFd !== undefined && (!/^\d{1,4}$/.test(fd ?? '') || !isOpenFd(readyFd)))
    return `--ready-fd is no open descriptor: "${fd}"\n    open it for kpf, as in: kpf up --ready-fd 3 3>ready`
  const ttl = textFlag(flags, 'ttl')
  return {
    readyFd,
    ttlMs: ttl === undefined ? undefined : durationMs(ttl),
    endsOnFailure: isSet(flags, 'abort-on-failure'),
    portsFile: textFlag(flags, 'ports-file'),
  }
}
