/**
 * `npm run bench:files`: how long the files of large projects take. Figures to keep an eye
 * on, with what they should stay below; no gate, for a busy machine takes twice as long.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from '../../src/file/load.ts'
import { realFiles } from '../../src/system/files.ts'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { freePorts } from '../../src/system/free-ports.ts'
import { program, Up } from '../e2e/kpf.ts'

const ROUNDS = 9

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function line(what: string, values: readonly number[], below: number): void {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  process.stdout.write(`| ${what} | ${median(values).toFixed(0)} | ${least.toFixed(0)}-${most.toFixed(0)} | ${below} |\n`)
}

function forwards(from: number, count: number): string {
  const entries = Array.from({ length: count }, (_, index) => {
    const port = 10_000 + from + index
    return `  f${from + index}:\n    target: svc/app-${index}\n    namespace: \${NS:-shop}\n    ports: ["${port}:http"]\n    hold: { timeout: 5s }\n`
  })
  return `forwards:\n${entries.join('')}`
}

/** From the rename of an edited file to its generation in force, with 1,000 forwards that run; nothing else may be touched. */
async function reloads(): Promise<readonly number[]> {
  const apps = [{ name: 'web', image: 'shop/web:1', replicas: 2, ports: { 8080: { name: 'http', speaks: 'http' } } }] as const
  const sandbox = await Sandbox.start({ clock: realClock, namespace: 'shop', apps })
  const work = mkdtempSync(join(tmpdir(), 'kpf-bench-'))
  const ports = await freePorts(1_000 + ROUNDS + 1)
  const text = (first: number): string => {
    const rest = ports.slice(0, 999).map((port, index) => `  f${index}: svc/web ${port}:80\n`)
    return `forwards:\n  edited: svc/web ${first}:80\n${rest.join('')}`
  }
  const took: number[] = []
  try {
    writeFileSync(join(work, 'kubeconfig'), sandbox.kubeconfig)
    await using up = await Up.start(text(ports[999] ?? 0), { kubeconfig: join(work, 'kubeconfig') })
    const ready = new Set<string>()
    for (let at = 0; ready.size < 1_000; at++) {
      const event = await up.next('all ready', () => true, { since: at, limitMs: 60_000 })
      if (event.to === 'ready' && event.forward !== undefined) ready.add(event.forward)
    }
    for (let round = 0; round <= ROUNDS; round++) {
      const since = up.events.length
      const startMs = performance.now()
      await up.edit(text(ports[1_000 + round] ?? 0))
      await up.next('applied', ({ type }) => type === 'config-applied', { since })
      took.push(performance.now() - startMs)
      await realClock.sleep(700, new AbortController().signal)
      const touched = up.events.slice(since).filter(({ type, forward }) => type !== 'config-applied' && forward !== 'edited')
      if (touched.length > 0) throw new Error(`an edit of one forward touched others: ${JSON.stringify(touched.slice(0, 3))}`)
    }
  } finally {
    await sandbox.close()
    rmSync(work, { recursive: true, force: true })
  }
  return took
}

const dir = mkdtempSync(join(tmpdir(), 'kpf-bench-'))
try {
  const names = Array.from({ length: 20 }, (_, index) => `part-${index}/forwards.yaml`)
  for (const [index, name] of names.entries()) {
    mkdirSync(join(dir, `part-${index}`))
    writeFileSync(join(dir, name), forwards(index * 50, 50))
  }
  const path = join(dir, 'forwards.yaml')
  writeFileSync(path, `include: [${names.join(', ')}]\nforwards: {}\n`)
  const all: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const startMs = performance.now()
    const { loaded } = await load([{ path, shownAs: 'forwards.yaml' }], { cwd: dir, flags: {} }, { files: realFiles })
    if (loaded.kind === 'rejected' || loaded.project.forwards.length !== 1_000) throw new Error('the project of the bench does not load')
    all.push(performance.now() - startMs)
  }
  const checks: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const startMs = performance.now()
    const { status } = spawnSync(process.execPath, [program, 'check', '-f', names[0] ?? ''], { cwd: dir, stdio: 'ignore' })
    if (status !== 0) throw new Error('kpf check does not take the file of the bench')
    checks.push(performance.now() - startMs)
  }
  process.stdout.write('| what (ms) | median | spread | should be below |\n|---|---|---|---|\n')
  line('1,000 forwards in 20 included files, the first time', all.slice(0, 1), 500)
  line('the same once more', all.slice(1), 500)
  line('kpf check of 50 forwards, the whole process', checks.slice(1), 150)
  line('1,000 forwards that run, one edited: from the rename until it is applied', (await reloads()).slice(1), 700)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
