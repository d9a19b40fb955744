/**
 * `kpf svc/api 8080:80`: one forward in kubectl's grammar, with kubectl's own lines on
 * stdout so that scripts may swap the binary, and kpf's promises behind it.
 */
import type { Forward } from '../../file/forward.ts'
import type { Event, Status } from '../../supervisor/events.ts'
import { endpointText } from '../../supervisor/describe.ts'
import type { Supervisor } from '../../supervisor/supervisor.ts'
import { realClock } from '../../system/clock.ts'
import { AD_HOC_NAME as NAME, oneForward } from '../file/ad-hoc-forward.ts'
import { type Context, isSet, textFlag } from '../context.ts'
import { durationFlag } from '../durations.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import type { Save } from './save.ts'
import { flagsOf } from '../file/project-file.ts'
import { runUntilStopped } from '../up/run.ts'
import { kickOnWake } from '../up/wake-kicks.ts'
import { buildWorld, type World } from '../world.ts'

/** As kubectl has it. */
const RUNNING_TIMEOUT_MS = 60_000

/** Runs the form; resolves when it has stopped, or could not start. */
export async function runAdHoc(context: Context): Promise<number> {
  const [target = '', ...ports] = context.words
  const address = textFlag(context.flags, 'address')
  const read = oneForward({ target, ports, access: flagsOf(context), ...(address !== undefined && { address }) })
  if ('fix' in read) return mistake(context, read)
  const timeoutMs = durationFlag(context.flags, 'pod-running-timeout', '30s or 1m0s') ?? RUNNING_TIMEOUT_MS
  if (typeof timeoutMs === 'object') return mistake(context, timeoutMs)
  const save = isSet(context.flags, 'save') ? await (await import('./save.ts')).prepareSave(context) : undefined
  if (typeof save === 'number') return save
  const world = buildWorld(context, { concurrency: 8, oneAddressIsEnough: true })
  return serve(world, read, { context, timeoutMs, save })
}

interface Serving {
  readonly context: Context
  readonly timeoutMs: number
  /** Due when it is ready for the first time. */
  readonly save: Save | undefined
}

async function serve({ supervisor, clusters }: World, spec: Forward, { context, timeoutMs, save }: Serving): Promise<number> {
  const stopped = new AbortController()
  const gaveUp = Promise.withResolvers<number>()
  const told = new Set<string>()
  let saved: Promise<void> | undefined
  let isLost = false
  const off = supervisor.subscribe((event) => {
    tellAsKubectl(event, supervisor, context, told)
    if (told.size > 0) saved ??= save?.()
    if (told.size > 0) return
    const code = failedForGood(event)
    if (code === undefined || isLost || event.type !== 'forward-state-changed') return
    isLost = true
    void hintFor(event.status, async () => (await import('./meant.ts')).meantTarget(context, spec, clusters)).then((hint) => {
      if (stopped.signal.aborted) return
      context.err(`kpf: ${event.status.message ?? event.status.phase}\n${hint === undefined ? '' : `    ${hint}\n`}`)
      gaveUp.resolve(code)
    })
  })
  kickOnWake(supervisor, context, stopped.signal)
  supervisor.apply({ name: NAME, forwards: [spec], settings: { concurrency: 8, watchDebounceMs: 100 } }, '')
  void realClock.sleep(timeoutMs, stopped.signal).then((slept) => {
    if (!slept || told.size > 0) return
    const { status } = supervisor.snapshot().rows[0] ?? {}
    const hint = status?.hint ?? 'to wait longer: --pod-running-timeout 5m'
    context.err(`kpf: timed out waiting for the forward: ${status?.message ?? status?.phase ?? 'no pod'}\n    ${hint}\n`)
    gaveUp.resolve(exitCodeOf(status?.phase ?? ''))
  })
  const code = await Promise.race([runUntilStopped(supervisor, context, { reload: () => {}, hasKeys: false }), gaveUp.promise])
  stopped.abort()
  off()
  await saved
  if (save !== undefined && saved === undefined) context.err('kpf: not saved: the forward was not ready before the end\n    the file is as it was\n')
  await supervisor.stop({ drainMs: 0, deadline: stopped.signal })
  return code
}

/** What to do: for what is not there, what may be meant. */
async function hintFor({ reason, hint }: Status, meant: () => Promise<string | undefined>): Promise<string | undefined> {
  return (reason === 'KPF_OBJECT_MISSING' ? await meant() : undefined) ?? hint
}

/** kubectl's lines, once each endpoint is usable; nothing else goes to stdout. */
function tellAsKubectl(event: Event, supervisor: Supervisor, context: Context, told: Set<string>): void {
  if (event.type === 'connection-accepted') return told.size === 0 ? undefined : context.out(`Handling connection for ${event.localPort}\n`)
  if (event.type === 'forward-state-changed' && event.to === 'ready') {
    for (const { listeners, podPort } of supervisor.forward(NAME)?.bound ?? []) {
      for (const { address, port } of listeners) {
        const line = `Forwarding from ${endpointText(address, port)} -> ${podPort ?? port}\n`
        if (told.has(endpointText(address, port))) continue
        told.add(endpointText(address, port))
        context.out(line)
      }
    }
    return
  }
  const isNews = event.type === 'forward-state-changed' && event.to !== 'stopping' && event.status.message !== undefined
  if (told.size > 0 && isNews) context.err(`kpf: ${event.to}: ${event.status.message}\n`)
}

/** What kubectl would end for, before the first time it was ready. */
function failedForGood(event: Event): number | undefined {
  if (event.type !== 'forward-state-changed') return undefined
  const { state, phase, reason } = event.status
  if (state === 'failed' || phase === 'port-busy') return exitCodeOf(phase)
  if (phase === 'cluster-down') return exitCodes.unreachable
  if (phase === 'no-pod' && (reason === 'KPF_OBJECT_MISSING' || reason === 'KPF_PORT_UNKNOWN')) return exitCodes.failed
  return undefined
}
