/**
 * The process of fuzz.test.ts: `fuzzer.ts SEED SECONDS`. Says each batch before it begins, so
 * that one which never ends, or ends the process, is known by its seed.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { faultOf, inputs, mutated } from '../file/fuzzing.ts'

// The other tests, which look at the clock, come first.
setPriority(constants.priority.PRIORITY_LOW)

const LIMIT_MS = 2_000
const LIMIT_BYTES = 256 * 1024 * 1024
const RUNS = 150

const [seed = 1, seconds = 30] = process.argv.slice(2).map(Number)
const root = fileURLToPath(new URL('../../', import.meta.url))
const corpus = join(root, 'test/fixtures/corpus')

function filesOf(folder: string): readonly Uint8Array[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
}

let slowestMs = 0

function fault(bytes: Uint8Array): string | undefined {
  const start = process.cpuUsage()
  let found: string | undefined
  try {
    found = faultOf(bytes)
  } catch (error) {
    found = `it throws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  // Of the processor: beside other tests an input waits for its turn.
  const { user, system } = process.cpuUsage(start)
  const tookMs = (user + system) / 1_000
  slowestMs = Math.max(slowestMs, tookMs)
  return found ?? (tookMs > LIMIT_MS ? `it takes ${tookMs.toFixed(0)} ms` : undefined)
}

function fail(bytes: Uint8Array, why: string): never {
  const name = `found-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.yaml`
  writeFileSync(join(corpus, name), bytes)
  process.stderr.write(`test/fixtures/corpus/${name}: ${why}\n`)
  process.exit(1)
}

const kept = filesOf(corpus)
for (const bytes of kept) {
  const why = fault(bytes)
  if (why !== undefined) fail(bytes, why)
}
const small = [...kept, ...filesOf(join(root, 'test/fixtures/bad')), ...filesOf(join(root, 'examples'))].filter(({ length }) => length < 16_384)
const kinds = [...Object.entries(inputs), ...Array.from({ length: Object.keys(inputs).length }, () => ['a file with edits', mutated(small)] as const)]
const before = process.memoryUsage().rss
const endMs = performance.now() + seconds * 1_000
let count = 0
for (let batch = 0; performance.now() < endMs; batch++) {
  const [name, input] = kinds[batch % kinds.length] ?? ['', fc.constant(new Uint8Array())]
  process.stdout.write(`batch ${batch} of seed ${seed}: ${name}\n`)
  const result = fc.check(
    fc.property(input, (bytes) => fault(bytes) === undefined),
    { seed: seed + batch, numRuns: RUNS, interruptAfterTimeLimit: Math.max(1, endMs - performance.now()) },
  )
  count += result.numRuns
  const [bytes] = result.counterexample ?? []
  if (bytes !== undefined) fail(bytes, `${fault(bytes)} (batch ${batch} of seed ${seed}: ${name})`)
}
// In KiB; the most that the process ever had.
const usedBytes = process.resourceUsage().maxRSS * 1024 - before
process.stdout.write(
  `${count} inputs and ${kept.length} of the corpus, ${slowestMs.toFixed(0)} ms at most, ${(usedBytes / 1024 / 1024).toFixed(0)} MiB more than at the start\n`,
)
if (usedBytes > LIMIT_BYTES) {
  process.stderr.write(`it takes ${usedBytes} bytes\n`)
  process.exit(1)
}
