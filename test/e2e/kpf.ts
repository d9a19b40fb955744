/** A running `kpf up`, as a test drives it: its file, its events, its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'

export { freePort } from '../fake/free-port.ts'

/** The built program. */
export const program = fileURLToPath(new URL('../../dist/kpf.js', import.meta.url))

// `strictTypes` off: the common fields stand above the alternatives.
const isEvent = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(fileURLToPath(new URL('../../schema/event.schema.json', import.meta.url)), 'utf8')))

/** An event line of `-o jsonl`. */
export interface EventLine {
  readonly v: number
  readonly seq: number
  readonly time: string
  readonly type: string
  readonly forward?: string
  readonly to?: string
  readonly phase?: string
  readonly reason?: string | null
  readonly message?: string
  readonly pod?: string | null
  readonly problems?: readonly { readonly line: number; readonly column: number; readonly code: string }[]
  readonly [key: string]: unknown
}

/** How a run is started. */
export interface UpOptions {
  readonly kubeconfig: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Instead of the built program: a script with arguments that stand before the verb. */
  readonly host?: readonly string[]
  /** Files beside the forwards file, by path. */
  readonly files?: Readonly<Record<string, string>>
}

/** `kpf up` on a file of its own. */
export class Up {
  readonly dir: string
  readonly events: EventLine[] = []
  readonly #child: ChildProcess
  readonly #exited: Promise<number>
  #stderr = ''
  #broken: string | undefined
  #wake: (() => void)[] = []

  private constructor(dir: string, child: ChildProcess) {
    this.dir = dir
    this.#child = child
    this.#exited = once(child, 'exit').then(([code]) => Number(code))
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString()
    })
    if (child.stdout) {
      createInterface(child.stdout).on('line', (line) => {
        this.#take(line)
        for (const wake of this.#wake.splice(0)) wake()
      })
    }
    void this.#exited.then(() => {
      for (const wake of this.#wake.splice(0)) wake()
    })
  }

  /** Starts on a file with this text. */
  static async start(text: string, options: UpOptions): Promise<Up> {
    const dir = await mkdtemp(join(tmpdir(), 'kpf-up-'))
    await writeFile(join(dir, 'forwards.yaml'), text)
    for (const [name, content] of Object.entries(options.files ?? {})) {
      await mkdir(dirname(join(dir, name)), { recursive: true })
      await writeFile(join(dir, name), content)
    }
    const child = spawn(process.execPath, [...(options.host ?? [program]), 'up', '-o', 'jsonl', ...(options.args ?? [])], {
      cwd: dir,
      // Its state is in its own folder, so that a test that kills it leaves nothing at home.
      env: { ...process.env, KUBECONFIG: options.kubeconfig, XDG_STATE_HOME: dir, XDG_RUNTIME_DIR: '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Up(dir, child)
  }

  /** Every event of every test is held to the schema, and to the order. */
  #take(line: string): void {
    const event = JSON.parse(line) as EventLine
    const expected = (this.events.at(-1)?.seq ?? 0) + 1
    if (!isEvent(event) || event.seq !== expected)
      this.#broken ??= `no event of the schema, or not number ${expected}: ${line}\n${JSON.stringify(isEvent.errors)}`
    this.events.push(event)
  }

  get file(): string {
    return join(this.dir, 'forwards.yaml')
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Its exit code, once it has ended; `stop` removes its folder, this leaves it. */
  get exited(): Promise<number> {
    return this.#exited
  }

  /** Saves as editors do: a new file, renamed over the old one. */
  async edit(text: string): Promise<void> {
    const next = join(this.dir, '.forwards.yaml.tmp')
    await writeFile(next, text)
    await rename(next, this.file)
  }

  /** The first event from `since` on that fits; waits for it. */
  async next(what: string, fits: (event: EventLine) => boolean, { since = 0, limitMs = 30_000 } = {}): Promise<EventLine> {
    const endMs = performance.now() + limitMs
    for (let at = since; ; ) {
      for (; at < this.events.length; at++) {
        const event = this.events[at]
        if (event && fits(event)) return event
      }
      const leftMs = endMs - performance.now()
      if (leftMs <= 0 || this.#child.exitCode !== null) {
        throw new Error(`no event "${what}"; last: ${JSON.stringify(this.events.slice(-5), undefined, 1)}\n${this.#stderr}`)
      }
      await this.#news(leftMs)
    }
  }

  /** Waits until every named forward is ready. */
  async ready(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.next(`${name} ready`, (event) => event.forward === name && event.to === 'ready')
  }

  /** Ends it and gives its exit code. */
  async stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' = 'SIGINT'): Promise<number> {
    this.#child.kill(signal)
    const code = await this.#exited
    await rm(this.dir, { recursive: true, force: true })
    if (this.#broken !== undefined) throw new Error(this.#broken)
    return code
  }

  #news(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      this.#wake.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.exitCode === null ? this.stop('SIGTERM').then(() => {}) : rm(this.dir, { recursive: true, force: true })
  }
}

/** What a finished run of kpf printed; `interrupt` sends SIGINT, or the signal that is its reason. */
export async function kpf(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; cwd?: string; interrupt?: AbortSignal } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const { interrupt } = options
  interrupt?.addEventListener('abort', () => child.kill(interrupt.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT'), { once: true })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const [code] = await once(child, 'close')
  return { code: Number(code), stdout, stderr }
}
