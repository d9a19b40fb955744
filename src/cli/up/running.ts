/**
 * A running project: its files over time, what of them is wanted, and what the control
 * socket may ask of it. One wish counts, whoever changed it last.
 */
import type { Controlled } from '../../control/routes.ts'
import { History } from '../../control/history.ts'
import type { AppliedBody, ApplyRequest, EndedBody, ExportsBody, NamesBody, PlannedBody, StatusBody } from '../../control/shapes.ts'
import { planned, withPortsOf } from '../../control/preview.ts'
import { statusBody, type StatusFacts } from '../../control/status.ts'
import type { DriftBody } from '../../control/drift.ts'
import { differences } from '../../control/terms.ts'
import { wallTimes } from '../../control/wall-time.ts'
import { chosen, joined, type Wish, wishFor, withAgain, without } from '../../control/wish.ts'
import type { Forward, Project } from '../../file/forward.ts'
import type { Snapshot } from '../../file/load.ts'
import type { Problem } from '../../file/problems.ts'
import { liveExports, portUrl } from '../../file/references.ts'
import { isoTime } from '../../supervisor/iso-time.ts'
import { printPlan, untouched } from '../../supervisor/plan.ts'
import { realClock } from '../../system/clock.ts'
import { self } from '../../system/processes.ts'
import { type Context, isSet, textFlag } from '../context.ts'
import type { PortChooser } from './auto-ports.ts'
import { Ending } from './ending.ts'
import { readDrift } from './read-ahead.ts'
import type { Place } from '../place.ts'
import { type FoundFiles, readAgain, type readFiles } from '../file/project-file.ts'
import { termsOf, withTerms } from '../file/terms.ts'
import { unknownForward } from '../unknown-forward.ts'
import type { World } from '../world.ts'

/** What a run began with. */
export interface Start {
  readonly context: Context
  readonly found: FoundFiles
  readonly snapshot: Snapshot
  readonly project: Project
  /** Undefined where the machine has no place for it. */
  readonly place: Place | undefined
  readonly isDetached: boolean
  /** The files again, as far as this run may have them, with these names wanted. */
  readonly load: (as: Context, known: Snapshot, names: readonly string[]) => ReturnType<typeof readFiles>
  /** Those that the files name. */
  readonly variables: readonly string[]
  /** Gives free ports to those who ask for one. */
  readonly choose: PortChooser
  /** Where approvals are remembered. */
  readonly approvals: string
}

/** Rules over what runs. */
export class RunningProject implements Controlled {
  readonly version: string
  readonly unknownForward = unknownForward
  readonly history: History
  readonly ending: Ending
  readonly #world: World
  readonly #start: Start
  readonly #startedMs: number
  #appliedMs = 0
  /** The command line that the files are read with: the last one that asked. */
  #context: Context
  readonly #wallAt = wallTimes(realClock)
  #wish: Wish
  #project: Project
  #snapshot: Snapshot
  /** Of files that were read later and not applied. */
  #problems: readonly Problem[] = []
  #kubeconfigsReadMs: number
  readonly #readers = new Set<(snapshot: Snapshot) => void>()
  /** What a reload by hand has applied: the watcher comes to the same a moment later, and is no news. */
  #byHand: string | undefined

  constructor(world: World, start: Start) {
    const { supervisor } = world
    this.version = start.context.version
    this.#world = world
    this.#start = start
    this.#startedMs = realClock.wallMs()
    this.#kubeconfigsReadMs = this.#startedMs
    this.#context = start.context
    this.#wish = wishFor(start.context.words)
    this.#project = start.project
    this.#snapshot = start.snapshot
    this.ending = new Ending(supervisor)
    this.history = new History(this.#wallAt, (name) => supervisor.forward(name)?.spec)
    supervisor.subscribe((event) => this.history.hear(event))
  }

  get name(): string {
    return textFlag(this.#start.context.flags, 'project-name') ?? this.#project.name
  }

  get debounceMs(): number {
    return this.#project.settings.watchDebounceMs
  }

  /** Makes what runs what is wanted. */
  begin(): void {
    this.#applyFile(this.#project)
  }

  /** The watched files say something new. */
  async good(project: Project, snapshot: Snapshot): Promise<void> {
    this.#snapshot = snapshot
    this.#problems = []
    const isKnown = this.#byHand === JSON.stringify(project)
    this.#byHand = undefined
    if (!isKnown) this.#applyFile(await this.#start.choose(project))
  }

  bad(problems: readonly Problem[]): void {
    this.#problems = problems
    this.#byHand = undefined
    this.#world.supervisor.reject(this.#start.found.shownAs, problems)
  }

  /** The files as the command line means them, with the names that are wanted now. */
  load(known: Snapshot): ReturnType<typeof readFiles> {
    return this.#start.load(this.#context, known, this.#wish.named === 'all' ? [] : this.#wish.named)
  }

  /** They were read anew just now. */
  kubeconfigsRead(): void {
    this.#kubeconfigsReadMs = realClock.wallMs()
  }

  async drift(): Promise<readonly DriftBody[]> {
    const { supervisor, clusters } = this.#world
    return (await readDrift()).lookForDrift({
      snapshot: this.#snapshot,
      problems: this.#problems,
      appliedMsAgo: realClock.now() - this.#appliedMs,
      isWatching: this.#start.found.isWatchable && !isSet(this.#start.context.flags, 'no-watch'),
      kubeconfigs: clusters.kubeconfigFiles,
      kubeconfigsReadMs: this.#kubeconfigsReadMs,
      startedMs: this.#startedMs,
      bound: supervisor.snapshot().rows.flatMap(({ spec, status }) => status.listeners.map((listener) => ({ forward: spec.name, listener }))),
    })
  }

  /** Hears which files were applied by hand: others may be among them than before. */
  whenRead(tell: (snapshot: Snapshot) => void): void {
    this.#readers.add(tell)
  }

  status(): StatusBody {
    const { place, isDetached } = this.#start
    const facts: StatusFacts = {
      version: this.version,
      pid: self().pid,
      project: { name: this.name, key: place?.key ?? '', files: place?.files ?? [] },
      mode: isDetached ? 'detached' : 'foreground',
      startedAt: isoTime(this.#startedMs),
      now: isoTime(realClock.wallMs()),
      seq: this.history.seq,
      isStopping: this.ending.isBegun,
      ...(isDetached && place && { log: place.log }),
      wallAt: this.#wallAt,
      restarts: (name) => this.history.restarts(name),
      urlOf: portUrl,
    }
    return statusBody(this.#world.supervisor.snapshot(), this.#project, facts)
  }

  exports(): ExportsBody {
    const rows = new Map(this.#world.supervisor.snapshot().rows.map(({ spec, status }) => [spec.name, status]))
    const running = (name: string): { pod?: string } | undefined => {
      const status = rows.get(name)
      if (status === undefined || status.state === 'stopped' || status.state === 'stopping') return undefined
      return status.pod === undefined ? {} : { pod: status.pod }
    }
    const own = chosen(this.#project, this.#wish)
    const { values, missing } = liveExports({ ...own, forwards: [...own.forwards, ...this.#orphans(this.#context, this.#project)] }, running)
    return { exports: Object.fromEntries(values), missing: Object.fromEntries(missing) }
  }

  async apply({ names, content, terms }: ApplyRequest): Promise<AppliedBody> {
    const [before, context] = [this.#wish, this.#context]
    this.#wish = joined(before, names)
    if (terms) this.#context = withTerms(context, terms)
    if (content !== undefined && this.#snapshot.has('-')) {
      this.#snapshot = new Map([...this.#snapshot, ['-', { kind: 'read', bytes: Buffer.from(content) }]])
    }
    const outcome = await this.reload()
    if (outcome.kind === 'rejected') {
      this.#wish = before
      this.#context = context
      return outcome
    }
    return { ...outcome, differs: terms ? differences(termsOf(context, Object.keys(terms.variables)), terms) : [] }
  }

  async plan({ names, content, terms }: ApplyRequest): Promise<PlannedBody> {
    const { supervisor } = this.#world
    const wish = joined(this.#wish, names)
    const stdin = this.#snapshot.get('-')
    const piped = content === undefined ? stdin : ({ kind: 'read', bytes: Buffer.from(content) } as const)
    const as = terms ? withTerms(this.#context, terms) : this.#context
    const { loaded } = await this.#start.load(as, stdin && piped ? new Map([['-', piped]]) : new Map(), wish.named === 'all' ? [] : wish.named)
    if (loaded.kind === 'rejected') return { kind: 'rejected', problems: loaded.problems, needsApproval: loaded.needsApproval }
    const { rows, generation } = supervisor.snapshot()
    const running = rows.map(({ spec }) => spec)
    const own = chosen(withPortsOf(loaded.project, running), wish)
    const wanted = { ...own, forwards: [...own.forwards, ...this.#orphans(as, loaded.project)] }
    return planned(wanted, supervisor.preview(wanted), { stopped: this.#wish.stopped, generation })
  }

  /** Reads the files now. */
  async reload(): Promise<AppliedBody> {
    const { found } = this.#start
    const stdin = this.#snapshot.get('-')
    const known = stdin ? await readAgain(['-'], this.#snapshot) : new Map()
    const { loaded, snapshot } = await this.load(known)
    if (loaded.kind === 'rejected') {
      this.#problems = loaded.problems
      this.#world.supervisor.reject(found.shownAs, loaded.problems)
      return { kind: 'rejected', problems: loaded.problems, needsApproval: loaded.needsApproval }
    }
    this.#snapshot = snapshot
    this.#problems = []
    for (const tell of this.#readers) tell(snapshot)
    this.#byHand = JSON.stringify(loaded.project)
    return this.#applyFile(await this.#start.choose(loaded.project))
  }

  start(names: readonly string[]): NamesBody {
    const meant = names.length > 0 ? names : this.#wish.stopped
    this.#wish = withAgain(this.#wish, meant)
    this.#apply(this.#project)
    return { names: meant }
  }

  stop(names: readonly string[]): NamesBody {
    const meant = names.length > 0 ? names : this.#running()
    this.#wish = without(this.#wish, meant)
    this.#apply(this.#project)
    return { names: meant }
  }

  /** What rests is started; the others begin anew, and their ports stay bound. */
  restart(names: readonly string[]): NamesBody {
    const running = this.#running()
    const meant = names.length > 0 ? names : running
    this.#world.supervisor.restart(meant.filter((name) => running.includes(name)))
    const resting = meant.filter((name) => !running.includes(name))
    if (resting.length > 0) this.start(resting)
    return { names: meant }
  }

  kick(): void {
    this.#world.supervisor.kick()
  }

  async end(drainMs: number): Promise<EndedBody> {
    await this.ending.begin(drainMs)
    return { project: this.name, ...this.ending.told }
  }

  #running(): readonly string[] {
    return chosen(this.#project, this.#wish)
      .forwards.filter(({ enabled }) => enabled)
      .map(({ name }) => name)
  }

  /** What runs, is no more in the file, and is kept (rule K4). */
  #orphans(as: Context, { forwards }: Project): readonly Forward[] {
    if (!isSet(as.flags, 'keep-orphans')) return []
    const known = new Set([...forwards.map(({ name }) => name), ...this.#wish.stopped])
    const { rows } = this.#world.supervisor.snapshot()
    return rows.filter(({ spec, status }) => !known.has(spec.name) && status.state !== 'stopping').map(({ spec }) => spec)
  }

  #applyFile(project: Project): AppliedBody {
    this.#project = project
    this.#appliedMs = realClock.now()
    return this.#apply(project, this.#start.found.shownAs)
  }

  /** Without a file it is the wish that changed. */
  #apply(project: Project, file = ''): AppliedBody {
    const { supervisor } = this.#world
    const orphans = this.#orphans(this.#context, project)
    const own = chosen(project, this.#wish)
    const wanted = { ...own, forwards: [...own.forwards, ...orphans] }
    const operations = supervisor.apply(wanted, file)
    const { generation } = supervisor.snapshot()
    return {
      kind: 'applied',
      generation,
      plan: operations,
      summary: printPlan(operations, untouched(wanted.forwards, operations)),
      orphans: orphans.map(({ name }) => name),
    }
  }
}
