/**
 * Runs a credential plugin: client-go's exec protocol, v1 and v1beta1.
 *
 * No shell, no look-up in the working directory, no input unless it has the terminal; its
 * output is capped, its time is limited, and what it says on stderr is only ever shown
 * escaped, but for a plugin that talks to a person: that one has the terminal itself.
 * Source: kubernetes.io/docs/reference/access-authn-authz/authentication (client-go credential plugins).
 */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Clock } from '../system/clock.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { certificateEndMs } from './credential-end.ts'
import { pairFault } from './key-pair.ts'
import { isRecord } from './kube-object.ts'
import { timeMs } from './time.ts'

/** The `exec` entry of a kubeconfig user. */
export interface ExecConfig {
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly installHint?: string
  readonly interactiveMode: 'Never' | 'IfAvailable' | 'Always'
  readonly provideClusterInfo: boolean
}

/** What a plugin gives. */
export interface ExecCredential {
  readonly token?: string
  readonly certificate?: string
  readonly key?: string
  /** Milliseconds since 1970; absent means for ever. */
  readonly expiresMs?: number
}

/** What a run needs. */
export interface ExecParts {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
  /** `spec.cluster` for `provideClusterInfo`. */
  readonly clusterInfo: object
  /** Whether it may talk to a person, on the terminal that is lent meanwhile. */
  readonly interactive: boolean
  /** Ends the run: nobody needs its answer any more. */
  readonly signal: AbortSignal
}

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']
const TIMEOUT_MS = 30_000
/** A person needs longer than a program: to find a phone, say. */
const PERSON_MS = 300_000
const MAX_STDOUT_BYTES = 1024 * 1024
const MAX_STDERR_BYTES = 4096

/** The `exec` entry, or what is wrong with it. */
export function readExecConfig(raw: unknown): ExecConfig | Failure {
  const value = isRecord(raw) ? raw : {}
  const { apiVersion, command, args, env, installHint, interactiveMode, provideClusterInfo } = value
  if (typeof command !== 'string' || command === '') return failure('KPF_KUBECONFIG', 'the exec entry of the user names no command')
  if (typeof apiVersion !== 'string' || !VERSIONS.includes(apiVersion)) {
    return failure('KPF_AUTH_PLUGIN', `plugin "${escapeForeign(command)}": apiVersion ${escapeForeign(String(apiVersion))} is not supported`, {
      hint: `use ${VERSIONS[0]}`,
    })
  }
  // The default of v1beta1; v1 has none, and nothing better to do.
  const mode = interactiveMode ?? 'IfAvailable'
  if (mode !== 'Never' && mode !== 'IfAvailable' && mode !== 'Always') {
    return failure('KPF_AUTH_PLUGIN', `plugin "${escapeForeign(command)}": interactiveMode ${escapeForeign(display(mode))} is not known`, {
      hint: 'use Never, IfAvailable or Always',
    })
  }
  return {
    apiVersion,
    command,
    args: Array.isArray(args) ? args.map(String) : [],
    env: Array.isArray(env) ? env.filter(isRecord).map((entry) => ({ name: text(entry['name']), value: text(entry['value']) })) : [],
    ...(typeof installHint === 'string' && { installHint }),
    interactiveMode: mode,
    provideClusterInfo: provideClusterInfo === true,
  }
}

/** Runs the plugin once. */
export async function runPlugin(config: ExecConfig, parts: ExecParts): Promise<ExecCredential | Failure> {
  const result = await runProcess(config, parts)
  if ('code' in result) return result
  if (result.exitCode !== 0) {
    const stderr = escapeForeign(result.stderr, MAX_STDERR_BYTES)
    return pluginFailure(
      config,
      `failed with exit code ${result.exitCode ?? 'none'}${stderr === '' ? '' : `: ${stderr}`}`,
      'run the login that the plugin needs; kpf then goes on by itself',
    )
  }
  return readCredential(config, result.stdout)
}

function readCredential(config: ExecConfig, stdout: string): ExecCredential | Failure {
  let value: unknown
  try {
    value = JSON.parse(stdout)
  } catch {
    // The output may hold a token: only its size is told.
    return pluginFailure(config, `printed ${stdout.length} characters that are no JSON`)
  }
  if (!isRecord(value) || value['kind'] !== 'ExecCredential' || value['apiVersion'] !== config.apiVersion)
    return pluginFailure(config, `did not print an ExecCredential of ${config.apiVersion}`)
  const status = isRecord(value['status']) ? value['status'] : {}
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status
  const pair =
    typeof clientCertificateData === 'string' && typeof clientKeyData === 'string' ? { certificate: clientCertificateData, key: clientKeyData } : undefined
  if (typeof token !== 'string' && pair === undefined) return pluginFailure(config, 'gave neither a token nor a certificate with its key')
  const fault = pair && pairFault(pair, { certificate: 'clientCertificateData', key: 'clientKeyData' })
  if (fault) return pluginFailure(config, `gave what cannot be used: ${fault.what}`, 'run the login that the plugin needs; kpf then goes on by itself')
  // A certificate may end before its plugin says so.
  const ends = [timeMs(expirationTimestamp), pair && certificateEndMs(pair.certificate)].filter((end) => end !== undefined)
  const expiresMs = ends.length === 0 ? undefined : Math.min(...ends)
  return {
    ...(typeof token === 'string' && { token }),
    ...pair,
    ...(expiresMs !== undefined && { expiresMs }),
  }
}

interface ProcessResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

async function runProcess(config: ExecConfig, parts: ExecParts): Promise<ProcessResult | Failure> {
  const { promise, resolve } = Promise.withResolvers<ProcessResult | Failure>()
  const child = start(config, parts)
  const ended = new AbortController()
  let stdout = ''
  let stderr = ''
  const settle = (result: ProcessResult | Failure): void => {
    ended.abort()
    parts.signal.removeEventListener('abort', stop)
    resolve(result)
  }
  const end = (why: string): void => {
    child.kill('SIGKILL')
    // A grandchild may hold the pipes for ever: they are let go of.
    child.stdout?.destroy()
    child.stderr?.destroy()
    settle(pluginFailure(config, why))
  }
  const stop = (): void => end('was ended')
  parts.signal.addEventListener('abort', stop)
  if (parts.signal.aborted) stop()
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.length > MAX_STDOUT_BYTES) end('printed more than 1 MiB')
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR_BYTES)
  })
  child.on('error', (error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'is not installed' : `cannot be run (${error.code ?? 'unknown'})`
    settle(pluginFailure(config, why, config.installHint === undefined ? undefined : escapeForeign(config.installHint)))
  })
  child.on('close', (exitCode) => settle({ exitCode, stdout, stderr }))
  const limitMs = parts.interactive ? PERSON_MS : TIMEOUT_MS
  void parts.clock.sleep(limitMs, ended.signal).then((slept) => slept && end(`did not answer within ${limitMs / 1000} s`))
  return promise
}

function start(config: ExecConfig, parts: ExecParts): ChildProcess {
  const isRelative = !isAbsolute(config.command) && /[/\\]/.test(config.command)
  const command = isRelative ? join(parts.directory, config.command) : config.command
  const info = {
    apiVersion: config.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: parts.interactive, ...(config.provideClusterInfo && { cluster: parts.clusterInfo }) },
  }
  const own = Object.fromEntries(config.env.map(({ name, value }) => [name, value]))
  // What a plugin says to a service manager would be taken for a word of kpf.
  const env = withoutWorkingDirectory({ ...parts.env, NOTIFY_SOCKET: undefined, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) })
  // Its questions go to stderr: what it prints on stdout is the credential.
  const stdio: StdioOptions = parts.interactive ? ['inherit', 'pipe', 'inherit'] : ['ignore', 'pipe', 'pipe']
  return spawn(command, [...config.args], { env, stdio, shell: false, windowsHide: true })
}

/** An empty or relative entry of PATH would look in the working directory, which may be anybody's repository. */
function withoutWorkingDirectory(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const entries = Object.entries(env).map(([name, value]) => [name, /^path$/i.test(name) ? value?.split(delimiter).filter(isAbsolute).join(delimiter) : value])
  return Object.fromEntries(entries)
}

function display(value: unknown): string {
  return JSON.stringify(value) ?? ''
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function pluginFailure(config: ExecConfig, what: string, hint?: string): Failure {
  return failure('KPF_AUTH_PLUGIN', `credential plugin "${escapeForeign(config.command)}" ${what}`, hint === undefined ? {} : { hint })
}
