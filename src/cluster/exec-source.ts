/**
 * The credential of one user's plugin: kept until it is about to end, made by one run for
 * all who ask, with the terminal when the plugin wants one and there is one.
 *
 * A plugin that talks to a person is started once in five minutes at most, unless that
 * person did something: rule B2. Source of the modes: client-go's exec protocol,
 * `InteractiveMode` in client.authentication.k8s.io.
 */
import type { Clock } from '../system/clock.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import type { ExecConfig, ExecCredential } from './exec-plugin.ts'
import type { KubeUser } from './kubeconfig.ts'
import { later } from './later.ts'

/** The terminal that kpf runs on, if it does. */
export interface Terminal {
  /**
   * Leaves the terminal to `run`: whatever draws stops until it is over, and its keys are
   * nobody else's. Who comes while it is lent waits for a turn.
   */
  lend<T>(run: () => Promise<T>): Promise<T>
}

/** What a plugin's runs need. */
export interface ExecSourceParts {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** `spec.cluster` for `provideClusterInfo`. */
  readonly clusterInfo: () => Promise<object>
  readonly terminal: Terminal | undefined
  /** Ends a run: nobody needs its answer any more. */
  readonly signal: AbortSignal
}

/** A credential, and whether an earlier run gave it. */
export interface Sourced {
  readonly credential: ExecCredential
  readonly from: 'run' | 'cache'
}

/** A credential is renewed so long before it ends. */
const MARGIN_MS = 10_000
const TALK_AGAIN_MS = 300_000
/** A plugin may write the kubeconfig itself: what is heard so soon after it is nobody's action. */
const OWN_ECHO_MS = 5_000

/** One user's plugin. */
export class ExecSource {
  readonly #parts: ExecSourceParts
  #cached: ExecCredential | undefined
  #running: Promise<ExecCredential | Failure> | undefined
  /** When a run on the terminal ended, and how. */
  #talked: { readonly endMs: number; readonly failure: Failure | undefined } | undefined

  constructor(parts: ExecSourceParts) {
    this.#parts = parts
  }

  /** The credential, from a run if need be. */
  async get(user: KubeUser): Promise<Sourced | Failure> {
    const { clock } = this.#parts
    const cached = this.#cached
    if (cached && (cached.expiresMs === undefined || clock.wallMs() < cached.expiresMs - MARGIN_MS)) return { credential: cached, from: 'cache' }
    this.#running ??= this.#run(user).finally(() => {
      this.#running = undefined
    })
    const result = await this.#running
    return 'kind' in result ? result : { credential: result, from: 'run' }
  }

  /** The credential was refused, or its entry changed. */
  forget(): void {
    this.#cached = undefined
  }

  /** Somebody did something: a plugin may talk to them again. */
  kick(): void {
    const isEcho = this.#running !== undefined || (this.#talked && this.#parts.clock.now() - this.#talked.endMs < OWN_ECHO_MS)
    if (!isEcho) this.#talked = undefined
  }

  async #run(user: KubeUser): Promise<ExecCredential | Failure> {
    // Starting processes takes 4 ms to load, and most users have no plugin.
    const { readExecConfig, runPlugin } = await later.execPlugin()
    const config = readExecConfig(user.exec)
    if ('kind' in config) return config
    const terminal = this.#terminalFor(config)
    if (terminal && 'code' in terminal) return terminal
    const clusterInfo = config.provideClusterInfo ? await this.#parts.clusterInfo() : {}
    const run = (): Promise<ExecCredential | Failure> =>
      runPlugin(config, { ...this.#parts, directory: user.directory, clusterInfo, interactive: terminal !== undefined })
    const result = terminal ? await terminal.lend(run) : await run()
    if (terminal) this.#talked = { endMs: this.#parts.clock.now(), failure: 'kind' in result ? result : undefined }
    if (!('kind' in result)) this.#cached = result
    return result
  }

  /** The terminal if this run has it, or why there is no run. */
  #terminalFor({ interactiveMode, command }: ExecConfig): Terminal | Failure | undefined {
    if (interactiveMode === 'Never') return undefined
    const { terminal, clock } = this.#parts
    const talked = this.#talked
    const isTooSoon = talked !== undefined && clock.now() - talked.endMs < TALK_AGAIN_MS
    if (terminal && !isTooSoon) return terminal
    if (interactiveMode === 'IfAvailable') return undefined
    const plugin = `credential plugin "${escapeForeign(command)}"`
    if (!terminal)
      return failure('KPF_AUTH_PLUGIN', `${plugin} needs a terminal (interactiveMode: Always), and kpf runs without one`, {
        hint: 'run kpf in a terminal, or log in with the plugin first and use interactiveMode: IfAvailable',
      })
    return (
      talked?.failure ??
      failure('KPF_AUTH_PLUGIN', `${plugin} wants to ask for a login again, within ${TALK_AGAIN_MS / 60_000} min of the last`, {
        hint: 'press r to be asked at once',
      })
    )
  }
}
