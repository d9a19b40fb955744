/**
 * Starts a real Kubernetes (test/cluster) and is a test's one handle on it.
 *
 * Owns the child process and its directory. Nothing of either stays behind: the
 * cluster holds the other end of a pipe of ours, and ends and removes its directory
 * when that closes, by whatever this process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { clusterBinary } from './build.ts'
import { type Part, type Signal, tell } from './control.ts'
import { type Credential, kubeconfigText } from './kubeconfig.ts'
import type { Manifest } from './manifests.ts'
import { askedMode, type Mode, modeFlags } from './modes.ts'
import { outputOf, type Result, run } from './program.ts'

export interface ClusterOptions {
  /** Default: the one that the run was narrowed to, else the newest server. */
  readonly mode?: Mode
  readonly nodes?: number
  /** Kept at the end, for a look at the logs. Short: it holds Unix sockets. Default: a new one, removed. */
  readonly dir?: string
  /** More flags of `cluster up`. */
  readonly flags?: readonly string[]
}

/** Contexts of the cluster's kubeconfig; what each may do is in test/cluster/README.md. */
export type User = 'admin' | 'sa' | 'token' | 'get-only' | 'create-only' | 'none' | 'no-watch' | 'no-read'

export interface TokenOptions {
  /** Service account, NAME or NAMESPACE/NAME. Default: the account of the context "sa". */
  readonly account?: string
  /** As Go writes durations; negative for a token that has expired: '-5m'. */
  readonly expiresIn: string
}

/** Builds the cluster if need be (see build.ts), starts it and waits until pods can be made: about 5 s. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const binary = await clusterBinary()
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'kpf-')))
  const flags = [`--dir=${dir}`, `--nodes=${options.nodes ?? 1}`, ...modeFlags[options.mode ?? askedMode() ?? 'default'], ...(options.flags ?? [])]
  if (options.dir === undefined) flags.push('--rm')
  const child = spawn(binary, ['up', ...flags], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {}) // it may be gone already when it is told to go
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
  const server = await new Promise<string>((resolve, reject) => {
    ended.then(() => reject(new Error(`the test cluster did not start: ${complaints.trim()}`)), reject)
    createInterface(child.stdout).on('line', (line) => {
      const event = JSON.parse(line) as { readonly event?: string; readonly server?: string }
      if (event.event === 'ready' && event.server !== undefined) resolve(event.server)
    })
  })
  return new Cluster({ binary, dir, server, child, ended })
}

interface Running {
  readonly binary: string
  readonly dir: string
  readonly server: string
  readonly child: ChildProcess
  readonly ended: Promise<void>
}

/** A running test cluster. */
export class Cluster {
  readonly #running: Running
  #kubeconfigs = 0

  constructor(running: Running) {
    this.#running = running
  }

  /** State directory of the cluster. */
  get dir(): string {
    return this.#running.dir
  }

  /** Kubeconfig with one context per user, the current one being admin. */
  get kubeconfig(): string {
    return join(this.dir, 'kubeconfig')
  }

  /** URL of the API server. It stays the same over restarts. */
  get server(): string {
    return this.#running.server
  }

  /** Certificate file of the authority: the right one, or one that signed nothing here. */
  caFile(which: 'right' | 'wrong' = 'right'): string {
    return join(this.dir, 'pki', which === 'right' ? 'ca.crt' : 'other-ca.crt')
  }

  /** The kubectl of the cluster's version. Its failure is a result. */
  kubectl(args: readonly string[], stdin?: string): Promise<Result> {
    return run(this.#running.binary, this.#kubectlArgs(args), stdin === undefined ? {} : { stdin })
  }

  /** What kubectl printed, where its failure is the test's failure. */
  async kubectlOutput(args: readonly string[], stdin?: string): Promise<string> {
    return outputOf(this.#running.binary, this.#kubectlArgs(args), stdin === undefined ? {} : { stdin })
  }

  /** A kubectl that goes on until its owner ends it. */
  spawnKubectl(args: readonly string[]): ChildProcess {
    return spawn(this.#running.binary, this.#kubectlArgs(args), { stdio: 'ignore' })
  }

  #kubectlArgs(args: readonly string[]): string[] {
    // Its own cache: the discovery of another cluster on the same port would be found in the shared one.
    return ['kubectl', '--kubeconfig', this.kubeconfig, '--cache-dir', join(this.dir, 'cache'), ...args]
  }

  /** Creates or changes objects: YAML text, or what manifests.ts builds. */
  async apply(...objects: readonly (string | Manifest)[]): Promise<void> {
    const documents = objects.map((object) => (typeof object === 'string' ? object : JSON.stringify(object)))
    await this.kubectlOutput(['apply', '-f', '-'], documents.join('\n---\n'))
  }

  /** Deletes at once and waits until they are gone, or asks for it and returns. */
  async delete(kindAndNames: readonly string[], how: 'and wait' | 'and go on' = 'and wait'): Promise<void> {
    await this.kubectlOutput(['delete', ...kindAndNames, `--wait=${how === 'and wait'}`])
  }

  /** `kubectl wait`, which watches: `waitFor('condition=Ready', ['pod/web', 'pod/db'])`. */
  async waitFor(condition: string, names: readonly string[], limit = '30s'): Promise<void> {
    await this.kubectlOutput(['wait', `--for=${condition}`, `--timeout=${limit}`, ...names])
  }

  /** Answer of an HTTP server in a pod, asked without a port-forward. */
  async ask(podName: string, path: string, port = 8080): Promise<string> {
    return this.kubectlOutput(['exec', podName, '--', 'kpf-get', `http://127.0.0.1:${port}${path}`])
  }

  /** One control line, see test/cluster/README.md. */
  ctl(line: string): Promise<Record<string, unknown>> {
    return tell(this.dir, line)
  }

  /** Process ids, 0 for a part that does not run. */
  async pids(): Promise<Readonly<Record<Part, number>>> {
    return (await this.ctl('list')) as Record<Part, number>
  }

  /** Ends a part by SIGKILL, and returns when it has ended. */
  async kill(part: Part): Promise<void> {
    await this.ctl(`stop ${part} KILL`)
  }

  /** Sends a signal and returns at once. An API server ends 60 s after TERM. */
  async signal(part: Part, signal: Signal): Promise<void> {
    await this.ctl(`signal ${part} ${signal}`)
  }

  /** Starts a part that has ended, on its old port, with more flags this time. See `ready`. */
  async start(part: Part, ...flags: readonly string[]): Promise<void> {
    await this.ctl(['start', part, ...flags].join(' '))
  }

  /** Waits until the API server and all running kubelets answer. */
  async ready(): Promise<void> {
    await this.ctl('ready')
  }

  /** Log of a part so far: what to keep of a test that failed. */
  log(part: Part): Promise<string> {
    return readFile(join(this.dir, 'log', part), 'utf8')
  }

  /** A token of a service account with any lifetime. The API server has 60 s of leeway and a cache of 10 s. */
  async token({ account = 'sa', expiresIn }: TokenOptions): Promise<string> {
    const flags = [`--dir=${this.dir}`, `--user=${account}`, `--expires-in=${expiresIn}`]
    return (await outputOf(this.#running.binary, ['token', ...flags])).trim()
  }

  /** Path of a new kubeconfig for a credential of the test's own. */
  async kubeconfigFor(user: Credential, ca: 'right' | 'wrong' = 'right'): Promise<string> {
    const dir = join(this.dir, 'tests')
    await mkdir(dir, { recursive: true })
    this.#kubeconfigs += 1
    const path = join(dir, `${this.#kubeconfigs}.kubeconfig`)
    await writeFile(path, kubeconfigText({ server: this.server, caFile: this.caFile(ca), user }), { mode: 0o600 })
    return path
  }

  /** Ends all of it within a tenth of a second. May be called twice. */
  async stop(): Promise<void> {
    this.#running.child.stdin?.end()
    await this.#running.ended
  }

  /** `await using cluster = await startCluster()` stops it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
