/**
 * Debian's own servers between kpf and an API server: tinyproxy, microsocks, stunnel.
 *
 * Each is a child that ends with its handle; none leaves the foreground, none listens
 * anywhere but on loopback.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../kpf.ts'

/** Who may use a proxy; without it everybody. */
export interface Login {
  readonly user: string
  readonly password: string
}

/** A running server. */
export interface Daemon {
  readonly port: number
  /** What it has written so far. */
  readonly log: () => string
  [Symbol.asyncDispose](): Promise<void>
}

/** An http proxy that allows CONNECT. */
export async function tinyproxy(login?: Login): Promise<Daemon> {
  const lines = ['Listen 127.0.0.1', 'Allow 127.0.0.1', 'Timeout 600', 'MaxClients 100', 'LogLevel Connect']
  if (login) lines.push(`BasicAuth ${login.user} ${login.password}`)
  return daemon((port, dir) => ({ file: 'tinyproxy', args: ['-d', '-c', join(dir, 'conf')], conf: [`Port ${port}`, ...lines].join('\n') }))
}

/** A SOCKS 5 proxy. */
export async function microsocks(login?: Login): Promise<Daemon> {
  const auth = login ? ['-u', login.user, '-P', login.password] : []
  return daemon((port) => ({ file: 'microsocks', args: ['-i', '127.0.0.1', '-p', `${port}`, ...auth], conf: '' }))
}

/** TLS before something that has none, or in its place: `pem` is a certificate and its key. */
export async function stunnel(to: number, pem: string, how: 'plain behind' | 'TLS behind' = 'plain behind'): Promise<Daemon> {
  const behind = async (): Promise<Daemon | undefined> => (how === 'plain behind' ? undefined : stunnelClient(to))
  const inner = await behind()
  const outer = await daemon((port, dir) => ({
    file: 'stunnel',
    args: [join(dir, 'conf')],
    conf: [
      'foreground = yes',
      'pid =',
      'debug = 4',
      `[front]`,
      `accept = 127.0.0.1:${port}`,
      `connect = 127.0.0.1:${inner?.port ?? to}`,
      `cert = ${join(dir, 'pem')}`,
    ].join('\n'),
    pem,
  }))
  return {
    ...outer,
    async [Symbol.asyncDispose]() {
      await outer[Symbol.asyncDispose]()
      await inner?.[Symbol.asyncDispose]()
    },
  }
}

/** Takes TLS off: what the API server's own certificate is, is not looked at. */
function stunnelClient(to: number): Promise<Daemon> {
  return daemon((port, dir) => ({
    file: 'stunnel',
    args: [join(dir, 'conf')],
    conf: ['foreground = yes', 'pid =', 'debug = 4', '[behind]', 'client = yes', `accept = 127.0.0.1:${port}`, `connect = 127.0.0.1:${to}`].join('\n'),
  }))
}

interface Start {
  readonly file: string
  readonly args: readonly string[]
  readonly conf: string
  readonly pem?: string
}

async function daemon(start: (port: number, dir: string) => Start): Promise<Daemon> {
  const [port, dir] = [await freePort(), await mkdtemp(join(tmpdir(), 'kpf-daemon-'))]
  const { file, args, conf, pem } = start(port, dir)
  await writeFile(join(dir, 'conf'), `${conf}\n`)
  if (pem !== undefined) await writeFile(join(dir, 'pem'), pem, { mode: 0o600 })
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await listening(child, port, () => said)
  return {
    port,
    log: () => said,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function listening(child: ChildProcess, port: number, said: () => string): Promise<void> {
  for (const endMs = performance.now() + 10_000; performance.now() < endMs && child.exitCode === null; ) {
    const socket = connect(port, '127.0.0.1')
    const isThere = await new Promise<boolean>((resolve) => socket.on('connect', () => resolve(true)).on('error', () => resolve(false)))
    socket.destroy()
    if (isThere) return
  }
  throw new Error(`${child.spawnfile} does not listen: ${said()}`)
}
