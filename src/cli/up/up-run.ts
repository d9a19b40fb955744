/** A run of `kpf up` from its first dial to its last: who draws it, who may end it, where it writes. */
import { logLine } from '../../control/history.ts'
import { printable } from '../../file/printable.ts'
import type { Event } from '../../supervisor/events.ts'
import type { Supervisor } from '../../supervisor/supervisor.ts'
import type { ParentLink } from '../../system/parent-link.ts'
import { realClock } from '../../system/clock.ts'
import { errnoOf } from '../../system/errno.ts'
import { self } from '../../system/processes.ts'
import { tellReady } from '../../system/ready-fd.ts'
import { whenBound } from './bound.ts'
import type { Claim } from './claim.ts'
import { type Context, isSet } from '../context.ts'
import { closedAtFault } from './fault.ts'
import { firstReady } from './first-ready.ts'
import { exitCodes } from '../exit-codes.ts'
import { readAhead } from './read-ahead.ts'
import { render, type Renderer, warned } from './renderer.ts'
import { runUntilStopped } from './run.ts'
import { RunningProject, type Start } from './running.ts'
import type { UpOptions } from './up-options.ts'
import { failureCode } from '../ask/wait.ts'
import { kickOnWake } from './wake-kicks.ts'
import { watchFiles } from './watch-files.ts'
import { whereText } from './where.ts'
import { buildWorld } from '../world.ts'

/** How a run is bounded. */
export interface Bounds {
  readonly claim: Extract<Claim, { kind: 'held' | 'refused' }>
  readonly options: UpOptions
  readonly parent: ParentLink | undefined
  /** Instead of signals it decides when the run ends, and with which code. */
  readonly beside?: (running: RunningProject, supervisor: Supervisor) => Promise<number>
}

/** The first connections go before. */
const SERVE_AFTER_MS = 100
const TTL_DRAIN_MS = 10_000
/** For connections that a command has left open. */
const BESIDE_DRAIN_MS = 500

/** Runs it; resolves with the exit code when everything is closed and nothing is left behind. */
export async function runProject(start: Start, { claim, options, parent, beside }: Bounds): Promise<number> {
  const { context, found, snapshot, project } = start
  const world = buildWorld(context, { concurrency: project.settings.concurrency })
  const running = new RunningProject(world, start)
  const renderer: Drawing = start.isDetached
    ? await logged(world.supervisor, start)
    : beside
      ? warned(world.supervisor, context)
      : await drawn(world, running, start)
  const over = new AbortController()
  const failed = failures(world.supervisor, running, options)
  if (options.readyFd !== undefined) tellWhenReady(world.supervisor, options.readyFd)
  if (!start.isDetached && !beside && (context.env['NOTIFY_SOCKET'] ?? '') !== '') await tellUnit(world.supervisor, context)
  running.begin()
  kickOnWake(world.supervisor, context, over.signal)
  const control = serve(running, world.supervisor, { claim, afterMs: start.isDetached ? 0 : SERVE_AFTER_MS, signal: over.signal })
  void readAhead(realClock, over.signal)
  void limited(running, options, over.signal)
  void afterBinding(world.supervisor, running, { options, parent, isQuiet: isSet(context.flags, 'quiet'), control, signal: over.signal })
  const watching = !found.isWatchable || isSet(context.flags, 'no-watch') ? undefined : watchFiles(world, running, { snapshot, approvals: start.approvals })
  // Who does not want edits to be watched asks for them with it.
  const reload = (): void => void (watching ? watching.then(({ source }) => source.changed()) : running.reload())
  // A command beside it may go on after the forwards have ended, even wait for the project to be free.
  const closed = running.ending.over.then(async () => {
    over.abort()
    await (await watching)?.close()
    await (await control)?.close()
    if (claim.kind === 'held') await claim.release()
    await renderer.close()
  })
  const { reopen, isLive: hasKeys, press } = renderer
  const untilClosed = async (): Promise<number> => {
    const { ending } = running
    const code = beside ? await beside(running, world.supervisor) : await runUntilStopped(world.supervisor, context, { reload, reopen, hasKeys, press, ending })
    await ending.begin(BESIDE_DRAIN_MS)
    await closed
    return code === exitCodes.done ? (failed() ?? code) : code
  }
  const close = (fault: unknown): void => {
    // What is told of it in the end goes to a file that nobody looks into.
    if (start.isDetached) tellFault(world.supervisor, fault, start.place)
    void running.ending.begin(0)
  }
  return closedAtFault({ run: untilClosed, close })
}

function tellFault(supervisor: Supervisor, fault: unknown, place: Start['place']): void {
  const [what = ''] = (fault instanceof Error ? fault.message : String(fault)).split('\n')
  supervisor.warn('KPF_INTERNAL', `an error in kpf itself ends this run: ${printable(what)}; please report what is in ${place?.log ?? 'the log'}.out`)
}

async function drawn({ supervisor, clusters }: ReturnType<typeof buildWorld>, running: RunningProject, { context, found, project }: Start): Promise<Drawing> {
  // The kubeconfig is read now or a moment later; only the title waits for it.
  const where = context.terminal.isInteractive ? await whereText(clusters, project.forwards) : ''
  return render(supervisor, context, [running.name, where, found.shownAs].filter((part) => part !== '').join('  '))
}

/** Whoever draws, or writes; some have to finish a file. */
type Drawing = Omit<Renderer, 'close'> & { close(): void | Promise<void>; readonly reopen?: () => void }

/** The lines of the log as JSON, into a file that does not grow for ever. */
async function logged(supervisor: Supervisor, { place }: Start): Promise<Drawing> {
  const { logFile } = await import('../../system/log-file.ts')
  const file = place && (await logFile(place.log))
  const off = supervisor.subscribe((event) => {
    const line = logLine(event, (name) => supervisor.forward(name)?.spec)
    if (line !== undefined) file?.write(JSON.stringify(line))
  })
  return {
    isLive: false,
    reopen: () => file?.reopen(),
    async close() {
      off()
      await file?.close()
    },
  }
}

/** Answers on the control socket; a run in the foreground goes on without it. */
async function serve(
  running: RunningProject,
  supervisor: Supervisor,
  { claim, afterMs, signal }: { readonly claim: Bounds['claim']; readonly afterMs: number; readonly signal: AbortSignal },
): Promise<{ close(): Promise<void> } | undefined> {
  try {
    // The server is the second largest part that nothing waits for.
    if (!(await realClock.sleep(afterMs, signal))) return undefined
    const { serveControl } = await import('../../control/server.ts')
    if (claim.kind === 'held') return await serveControl(claim.socket, { clock: realClock, controlled: running, history: running.history })
    supervisor.warn('KPF_CONTROL', `kpf ps and kpf down cannot reach this run: ${claim.why}`)
  } catch (error) {
    supervisor.warn('KPF_CONTROL', `kpf ps and kpf down cannot reach this run: its socket cannot be made (${errnoOf(error)})`)
  }
  return undefined
}

/** Ends the run at the first forward that failed for good, when that was asked for; gives the code then. */
function failures(supervisor: Supervisor, running: RunningProject, { endsOnFailure }: UpOptions): () => number | undefined {
  let code: number | undefined
  supervisor.subscribe((event: Event) => {
    if (!endsOnFailure || code !== undefined || event.type !== 'forward-state-changed' || event.to !== 'failed') return
    code = failureCode(event.status)
    void running.ending.begin(0)
  })
  return () => code
}

/** A unit of systemd is this run as long as it is in the foreground: of a command it is the command. */
async function tellUnit(supervisor: Supervisor, { env }: Context): Promise<void> {
  // Starting processes takes 4 ms to load, and most runs are of no unit.
  const [{ tellServiceManager }, { notifySystemd }] = await Promise.all([import('./service-manager.ts'), import('../../system/systemd-notify.ts')])
  tellServiceManager({ supervisor, clock: realClock, notify: (assignments) => notifySystemd(assignments, env) })
}

/** Once, when the last of them is; later states are events. */
function tellWhenReady(supervisor: Supervisor, fd: number): void {
  const whenReady = firstReady(supervisor, realClock)
  supervisor.subscribe((event) => {
    if (whenReady(event) !== undefined) tellReady(fd)
  })
}

async function limited(running: RunningProject, { ttlMs }: UpOptions, signal: AbortSignal): Promise<void> {
  if (ttlMs !== undefined && (await realClock.sleep(ttlMs, signal))) await running.ending.begin(TTL_DRAIN_MS)
}

interface AfterBinding {
  readonly options: UpOptions
  readonly parent: ParentLink | undefined
  readonly isQuiet: boolean
  readonly control: Promise<unknown>
  readonly signal: AbortSignal
}

/** Tells those who wait for the ports: a file, and the process that started this one. */
async function afterBinding(supervisor: Supervisor, running: RunningProject, { options, parent, isQuiet, control, signal }: AfterBinding): Promise<void> {
  if (options.portsFile === undefined && parent === undefined) return
  const blocked = await whenBound(supervisor, signal)
  if (signal.aborted) return
  let unwritten: string | undefined
  if (options.portsFile !== undefined) {
    const { keepPortsFile } = await import('./ports-file.ts')
    unwritten = await keepPortsFile(supervisor, running, { path: options.portsFile, signal })
  }
  if (parent === undefined) return
  await control
  for (const { spec, status } of blocked)
    parent.tell({ kind: 'said', text: `kpf: ${spec.name}: ${status.message ?? status.phase}\n    ${status.hint ?? 'see: kpf ps'}\n` })
  if (!isQuiet) parent.tell({ kind: 'said', text: `${running.name} runs in the background (pid ${self().pid}): kpf ps, kpf logs -f, kpf down\n` })
  if (unwritten !== undefined) parent.tell({ kind: 'said', text: `kpf: ${unwritten}\n    name a file in a folder that you can write to\n` })
  const code = blocked.length > 0 ? exitCodes.bind : exitCodes.done
  // The file is what a script goes on with.
  parent.tell({ kind: 'up', code: unwritten === undefined ? code : exitCodes.failed, name: running.name })
  parent.leave()
}
