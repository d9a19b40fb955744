/** A project in a folder of its own, with its own state, on the sample cluster. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasLeft, ownerOf, untilItListens } from '../../src/cli/ask/reach.ts'
import { ask } from '../../src/control/client.ts'
import type { StatusBody } from '../../src/control/shapes.ts'
import { readLock } from '../../src/system/lock-record.ts'
import { kpf, program } from '../e2e/kpf.ts'

const END_MS = 10_000

/** What a finished run printed. */
export type Ran = Awaited<ReturnType<typeof kpf>>

export class ScenarioProject {
  readonly dir: string
  readonly env: Readonly<Record<string, string>>

  private constructor(dir: string, kubeconfig: string) {
    this.dir = dir
    this.env = { KUBECONFIG: kubeconfig, XDG_STATE_HOME: dir, XDG_RUNTIME_DIR: '' }
  }

  static async make(text: string, kubeconfig: string): Promise<ScenarioProject> {
    const dir = await mkdtemp(join(tmpdir(), 'kpf-prj-'))
    await writeFile(join(dir, 'kubeconfig'), kubeconfig)
    const project = new ScenarioProject(dir, join(dir, 'kubeconfig'))
    await project.write(text)
    return project
  }

  write(text: string): Promise<void> {
    return writeFile(join(this.dir, 'forwards.yaml'), text)
  }

  remove(): Promise<void> {
    return rm(join(this.dir, 'forwards.yaml'))
  }

  text(): Promise<string> {
    return readFile(join(this.dir, 'forwards.yaml'), 'utf8')
  }

  /** Runs a verb in the folder. */
  run(...args: readonly string[]): Promise<Ran> {
    return kpf(args, { cwd: this.dir, env: this.env })
  }

  /** Runs a verb with more variables, `NAME=value`. */
  runWith(variables: readonly string[], ...args: readonly string[]): Promise<Ran> {
    const more = variables.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    return kpf(args, { cwd: this.dir, env: { ...this.env, ...Object.fromEntries(more) } })
  }

  /** Starts a verb and leaves it running. */
  spawn(...args: readonly string[]): Running {
    return this.spawnProgram(program, ...args)
  }

  /** The same with another copy of kpf. */
  spawnProgram(file: string, ...args: readonly string[]): Running {
    return this.#spawned(this.env, [file, ...args])
  }

  /** The same as `spawn` with other variables than those of the project. */
  spawnWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Running {
    return this.#spawned(env, [program, ...args])
  }

  #spawned(env: Readonly<Record<string, string>>, args: readonly string[]): Running {
    return new Running(spawn(process.execPath, args, { cwd: this.dir, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  /** The status as `kpf ps -o json --all` has it. */
  async status(): Promise<StatusBody> {
    const { code, stdout, stderr } = await this.run('ps', '-o', 'json', '--all')
    if (code !== 0) throw new Error(`ps: ${code} ${stderr}`)
    return JSON.parse(stdout)
  }

  /** Locks and sockets that are there. */
  async left(): Promise<readonly string[]> {
    const names = await Promise.all(['run', 'projects'].map((folder) => readdir(join(this.dir, 'kpf', folder)).catch(() => [])))
    return names.flat().filter((name) => !/\.log(\.out)?$/.test(name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all((await this.#locks()).map(ended))
    await rm(this.dir, { recursive: true, force: true })
  }

  /** Of every supervisor that was started with the state of this project, whatever its files and flags are. */
  async #locks(): Promise<readonly string[]> {
    const folder = join(this.dir, 'kpf/projects')
    const names = await readdir(folder).catch(() => [])
    return names.filter((name) => name.endsWith('.lock')).map((name) => join(folder, name))
  }
}

/** Ends who has a lock; a test that has one itself is left alone. */
async function ended(lock: string): Promise<void> {
  const record = readLock(lock)
  if (record === undefined || record.pid === process.pid) return
  const owner = ownerOf(record, lock)
  await untilItListens(owner)
  await ask(owner.socket, { method: 'POST', path: '/v1/stop', body: { end: true, drainMs: 0 }, limitMs: END_MS })
  if (await hasLeft(owner, END_MS)) return
  process.kill(owner.pid, 'SIGKILL')
  throw new Error(`the supervisor of ${lock} (pid ${owner.pid}) did not end: it was killed`)
}

/** A verb that runs. */
export class Running {
  readonly child: ChildProcess
  readonly exited: Promise<number>
  #text = { stdout: '', stderr: '' }

  constructor(child: ChildProcess) {
    this.child = child
    this.exited = once(child, 'close').then(([code]) => Number(code))
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#text.stdout += chunk.toString()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#text.stderr += chunk.toString()
    })
  }

  get stdout(): string {
    return this.#text.stdout
  }

  get stderr(): string {
    return this.#text.stderr
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }
}
