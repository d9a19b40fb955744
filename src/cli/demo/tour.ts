/**
 * The scripted tour of `kpf demo`: does to the sample cluster what happens to real ones,
 * asks through the forwards all the while, and says what was seen. Exits 0 only if all
 * of it was as promised.
 */
import { writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { realClock } from '../../system/clock.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { up } from '../up/up.ts'

interface TourParts {
  readonly context: Context
  readonly sandbox: Sandbox
  readonly file: string
  readonly sampleFile: (ports: { web: number; api: number; queue?: number }) => string
  readonly ports: { readonly web: number; readonly api: number; readonly queue: number; readonly spare: number }
}

const STEP_LIMIT_MS = 20_000
const REQUEST_EVERY_MS = 20
/** Fewer than a forward holds at once while nothing can be reached. */
const HELD_EVERY_MS = 100

/** Plays it; resolves with the exit code. */
export async function playTour(parts: TourParts): Promise<number> {
  const { context } = parts
  const log = new Log()
  const stop = Promise.withResolvers<(signal: 'SIGINT') => void>()
  const inside: Context = {
    ...context,
    flags: { ...context.flags, output: 'plain' },
    err: (text) => log.add(text),
    onSignal: (listener) => {
      stop.resolve(listener)
      return context.onSignal(listener)
    },
  }
  const running = up(inside)
  const tour = new Tour(parts, log)
  const isGood = await tour.play()
  const listener = await Promise.race([stop.promise, running.then(() => undefined)])
  listener?.('SIGINT')
  const code = await running
  context.out(`${log.last('stopped:') ?? 'not stopped'}\n${isGood && code === 0 ? 'all as promised' : 'not as promised'}\n`)
  return isGood && code === 0 ? exitCodes.done : exitCodes.failed
}

class Tour {
  readonly #parts: TourParts
  readonly #log: Log
  #isGood = true

  constructor(parts: TourParts, log: Log) {
    this.#parts = parts
    this.#log = log
  }

  async play(): Promise<boolean> {
    const { sandbox, file, ports, sampleFile } = this.#parts
    await this.#step('three forwards become ready', () => this.#log.seen('all 3 ready'))
    await this.#step('a request is answered by a pod', async () => (await ask(ports.web)).startsWith('hello from pod web-'))
    await this.#step('a pod is deleted under load, and no request fails', () =>
      this.#underLoad(ports.api, REQUEST_EVERY_MS, () => sandbox.workloads.delete(servingPod(sandbox, 'api', this.#log))),
    )
    await this.#step('a bad edit changes nothing, and is told with its place', async () => {
      await writeFile(file, sampleFile({ web: ports.web, api: ports.api }).replace('ports:', 'prots:'))
      return (await this.#log.seen('did you mean "ports"?')) && (await ask(ports.web)).includes('hello')
    })
    await this.#step('a good edit is applied: one port moves, the rest is not touched', async () => {
      await writeFile(file, sampleFile({ web: ports.spare, api: ports.api, queue: ports.queue }))
      return (await this.#log.seen('2 untouched')) && (await askUntil(ports.spare)).includes('hello')
    })
    await this.#step('the API server is killed and comes back; requests meanwhile wait and are answered', () =>
      this.#underLoad(ports.api, HELD_EVERY_MS, async () => {
        sandbox.killServer()
        await pause(2_000)
        await sandbox.startServer()
      }),
    )
    return this.#isGood
  }

  async #step(what: string, act: () => Promise<boolean>): Promise<void> {
    const startMs = realClock.now()
    const ended = new AbortController()
    const late = realClock.sleep(STEP_LIMIT_MS, ended.signal).then(() => false)
    const isGood = await Promise.race([act().catch(() => false), late])
    ended.abort()
    const tookMs = Math.round(realClock.now() - startMs)
    this.#parts.context.out(`${isGood ? 'ok' : 'NOT OK'}  ${what} (${tookMs} ms)\n`)
    if (!isGood) this.#parts.context.err(`${this.#log.text}\n`)
    this.#isGood &&= isGood
  }

  /** Asks all the while and a second longer; good when every request was answered. */
  async #underLoad(port: number, everyMs: number, act: () => Promise<void>): Promise<boolean> {
    const done = new AbortController()
    let [answered, failed] = [0, 0]
    const asking: Promise<void>[] = []
    const acting = act()
      .then(() => pause(1_000))
      .finally(() => done.abort())
    while (!done.signal.aborted) {
      asking.push(
        ask(port).then(
          () => {
            answered++
          },
          () => {
            failed++
          },
        ),
      )
      await pause(everyMs)
    }
    await Promise.all([acting, ...asking])
    this.#parts.context.out(`    ${answered} requests answered, ${failed} failed\n`)
    // The request that is in the tunnel when the tunnel is cut is the one that may be lost.
    return answered > 0 && failed <= 1
  }
}

/** What the supervisor has said. */
class Log {
  text = ''
  #wake: (() => void)[] = []

  add(text: string): void {
    this.text += text
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Waits until the words are there. */
  async seen(words: string): Promise<boolean> {
    while (!this.text.includes(words)) await new Promise<void>((resolve) => this.#wake.push(resolve))
    return true
  }

  last(start: string): string | undefined {
    return this.text.split('\n').findLast((line) => line.startsWith(start))
  }
}

function servingPod(sandbox: Sandbox, app: string, log: Log): string {
  const said = new RegExp(`pod (${app}-[^) ]+)`).exec(log.text)?.[1]
  return said ?? sandbox.workloads.podsOf(app)[0] ?? ''
}

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: STEP_LIMIT_MS }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve(body))
      response.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error('timed out')))
    request.on('error', reject)
  })
}

async function askUntil(port: number): Promise<string> {
  for (;;) {
    const answer = await ask(port).catch(() => undefined)
    if (answer !== undefined) return answer
    await pause(REQUEST_EVERY_MS)
  }
}

async function pause(ms: number): Promise<void> {
  await realClock.sleep(ms, new AbortController().signal)
}
