/** One holder at any moment, and none who is dead. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readLock } from '../../src/system/lock-record.ts'
import { acquire, type Acquired, type Claimant } from '../../src/system/owner-lock.ts'
import { startOf } from '../../src/system/processes.ts'

let dir: string
let path: string
const dead = new Set<number>()

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kpf-lock-'))
  path = join(dir, 'shop.lock')
  dead.clear()
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const claimant = (pid: number): Claimant => ({
  pid,
  started: `start of ${pid}`,
  note: { socket: `/run/${pid}` },
  isAlive: async (record) => !dead.has(record.pid) && record.pid !== 0,
})

async function hold(pid: number): Promise<Extract<Acquired, { kind: 'held' }>> {
  const taken = await acquire(path, claimant(pid))
  if (taken.kind === 'owned') throw new Error(`owned by ${taken.by.pid}`)
  return taken
}

test('a second one is told who has it, and gets it after the release', async () => {
  const first = await hold(1)
  expect(await acquire(path, claimant(2))).toMatchObject({ kind: 'owned', by: { pid: 1, note: { socket: '/run/1' } } })
  await first.release()
  await hold(2)
  expect(readLock(path)).toMatchObject({ pid: 2, started: 'start of 2' })
})

test('what a dead one left is taken over, and nothing of it stays', async () => {
  await hold(1)
  dead.add(1)
  await writeFile(`${path}.aa.new`, JSON.stringify({ nonce: 'aa', pid: 1, started: '', note: {} }))
  await hold(2)
  expect(await readdir(dir)).toEqual(['shop.lock'])
})

test('a release of one that was taken over does not touch the new holder', async () => {
  const first = await hold(1)
  dead.add(1)
  await hold(2)
  await first.release()
  expect(readLock(path)).toMatchObject({ pid: 2 })
})

test('of thirty that see the same dead holder one takes over', async () => {
  await hold(1)
  dead.add(1)
  const all = await Promise.all(Array.from({ length: 30 }, (_, index) => acquire(path, claimant(100 + index))))
  expect(all.filter(({ kind }) => kind === 'held')).toHaveLength(1)
})

test('one that died while it took over does not stand in the way', async () => {
  await hold(1)
  const stale = readLock(path)
  await writeFile(`${path}.${stale?.nonce}`, JSON.stringify({ nonce: 'bb', pid: 2, started: '', note: {} }))
  await writeFile(`${path}.${stale?.nonce}.bb`, JSON.stringify({ nonce: 'cc', pid: 3, started: '', note: {} }))
  for (const pid of [1, 2, 3]) dead.add(pid)
  await hold(4)
  expect(await readdir(dir)).toEqual(['shop.lock'])
})

test('one whose own file is swept away while it looks writes it again', async () => {
  await hold(1)
  let isSwept = false
  const sweeping: Claimant = {
    ...claimant(2),
    // Another that has just taken over sees a file that is not written yet, and takes it for a leftover.
    isAlive: async () => {
      const names = isSwept ? [] : await readdir(dir)
      isSwept = true
      for (const name of names) if (name.endsWith('.new')) await rm(join(dir, name), { force: true })
      return false
    },
  }
  expect(await acquire(path, sweeping)).toMatchObject({ kind: 'held' })
  expect(readLock(path)).toMatchObject({ pid: 2 })
  expect(await readdir(dir)).toEqual(['shop.lock'])
})

test('a lock file that is cut or empty is nobody’s', async () => {
  await writeFile(path, '{"nonce":')
  await hold(1)
  expect(readLock(path)).toMatchObject({ pid: 1 })
})

test('a process is known by its start, and one that is not there has none', async () => {
  expect(await startOf(process.pid)).toBe(await startOf(process.pid))
  expect(await startOf(process.pid)).not.toBe(await startOf(process.ppid))
  expect(await startOf(2 ** 30)).toBeUndefined()
})
