/**
 * A program that runs kpf inside itself, as an editor might, and tells what is left of it:
 *
 *     node test/e2e/rig/host.ts REPORT up -o jsonl
 *
 * One line of JSON goes to the file REPORT before kpf starts, one when it has stopped, one
 * when nothing keeps the process alive any more, and one if anybody demanded its end. The
 * process exits by itself or not at all: its exit proves that no timer and no socket was left.
 */
import { createHook } from 'node:async_hooks'
import { appendFileSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import process from 'node:process'
import { start } from '../../../src/cli/start.ts'
import { version } from '../../../src/version.ts'
import type { HostLine, Holding } from './host-report.ts'

const [reportFile = '', ...words] = process.argv.slice(2)
const tell = (line: HostLine): void => appendFileSync(reportFile, `${JSON.stringify(line)}\n`)

// Those that keep no process alive are counted too: they would go on in an editor.
const timers = new Set<number>()
createHook({
  init: (id, type) => void (type === 'Timeout' && timers.add(id)),
  destroy: (id) => void timers.delete(id),
}).enable()

/** TCP sockets of this process in any state that its own side can end: `LISTEN 127.0.0.1:8080`. */
function sockets(): string[] {
  const own = new Set(descriptors().flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/self/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => own.has(fields[9] ?? ''))
      .map(([, local, remote, state]) => `${table} ${local} ${remote} state ${state}`),
  )
}

function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return [] // the listing's own
    }
  })
}

/** libuv's handles, those that keep nothing alive included; its one timer is Node's own. */
function handles(): string[] {
  // Or each address is looked up by name. Newer than the types.
  Object.assign(process.report, { excludeNetwork: true })
  const report = process.report.getReport() as unknown as { readonly libuv: readonly { readonly type: string; readonly is_active: boolean }[] }
  return report.libuv
    .filter(({ type, is_active }) => is_active && !['loop', 'timer', 'async', 'check', 'idle', 'prepare'].includes(type))
    .map(({ type }) => type)
    .toSorted()
}

function holding(): Holding {
  return {
    resources: process.getActiveResourcesInfo().toSorted(),
    handles: handles(),
    timers: timers.size,
    // The kernel's file watch is made with the first watcher, and libuv keeps it for the next.
    descriptors: descriptors()
      .filter((link) => !/inotify|^\/proc\//.test(link))
      .toSorted(),
    sockets: sockets(),
  }
}

const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim()

/** Both streams exist from the start on, as they do in every program that has said something. */
const [out, err] = [process.stdout, process.stderr]
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1'] as const

const exit = process.exit.bind(process)
process.exit = (code) => {
  tell({ at: 'forced' })
  return exit(code)
}

tell({ at: 'before', ...holding() })
const code = await start(words, {
  version,
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  stdin: () => process.stdin,
  out: (text) => void out.write(text),
  err: (text) => void err.write(text),
  terminal: {
    isInteractive: false,
    canAsk: false,
    isThere: false,
    isTypedAt: false,
    isColored: false,
    isUtf8: false,
    size: () => ({ width: 80, height: 24 }),
    onKey: () => () => {},
  },
  onSignal: (listener) => {
    const hear = (signal: NodeJS.Signals): void => listener(signal as (typeof signals)[number])
    for (const name of signals) process.on(name, hear)
    return () => {
      for (const name of signals) process.off(name, hear)
    }
  },
})
// Closing ends with the next turns of the loop: what a socket or a child has said last.
for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
const stoppedMs = performance.now()
tell({ at: 'stopped', code, children: children(), ...holding() })
process.once('beforeExit', () => tell({ at: 'idle', afterMs: performance.now() - stoppedMs, timers: timers.size }))
