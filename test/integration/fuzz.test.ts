/**
 * Parsing any bytes never throws, hangs, or takes more than 2 s or 256 MiB: half a minute of
 * it, in a process of its own whose memory is limited and whose death is no mystery.
 *
 * `KPF_FUZZ_SEED` and `KPF_FUZZ_SECONDS` are for another look, or a longer one. What fails is
 * written into test/fixtures/corpus, which every run begins with.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const seconds = Number(process.env['KPF_FUZZ_SECONDS'] ?? 30)
// Another place each day, the same one all day: a failure is there again for whoever looks.
const seed = Number(process.env['KPF_FUZZ_SEED'] ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''))
const root = fileURLToPath(new URL('../../', import.meta.url))

test(`any bytes, for ${seconds} s from seed ${seed}`, { timeout: (seconds + 60) * 1_000 }, async () => {
  const args = ['--max-old-space-size=256', 'test/integration/fuzzer.ts', `${seed}`, `${seconds}`]
  const { code, told } = await new Promise<{ code: unknown; told: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: root, timeout: (seconds + 45) * 1_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), told: `${stdout.split('\n').slice(-4).join('\n')}${stderr.slice(-2_000)}` }),
    )
  })
  process.stdout.write(`fuzz: ${told.trim()}\n`)
  expect(code, `seed ${seed}, last: ${told}`).toBe(0)
})
