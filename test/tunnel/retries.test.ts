import { expect, test } from 'vitest'
import { failure } from '../../src/tunnel/failure.ts'
import { Retries } from '../../src/tunnel/retries.ts'

const policy = { initialMs: 200, factor: 2, maxMs: 15_000, jitter: 0, resetAfterMs: 30_000 }
const lost = failure('KPF_TUNNEL_LOST', 'cut')

test('a stable lane is tried again within 100 ms; one that keeps breaking backs off', () => {
  const retries = new Retries(policy, () => 0.5)
  expect(retries.afterLoss(lost, 60_000, 0)).toBe(50)
  expect(retries.afterLoss(lost, 1_000, 1_000)).toBe(200)
  expect(retries.afterLoss(lost, 1_000, 2_000)).toBe(400)
  expect(retries.afterLoss(lost, 30_000, 40_000)).toBe(50)
  expect(retries.afterFailure(lost)).toBe(200)
})

test('the eleventh loss within five minutes is the alarm, and the ceiling rises to a minute', () => {
  const retries = new Retries(policy, () => 0.5)
  for (let n = 0; n < 10; n++) retries.afterLoss(lost, 1_000, n * 1_000)
  expect(retries.isFlapping).toBe(false)
  const waits = [10, 11, 12].map((n) => retries.afterLoss(lost, 1_000, n * 1_000))
  expect(retries.isFlapping).toBe(true)
  expect(waits).toEqual([60_000, 60_000, 60_000])
  retries.afterLoss(lost, 1_000, 400_000)
  expect(retries.isFlapping).toBe(false)
})

test('who is refused by credentials is asked again after 5, 15 and then every 60 s', () => {
  const retries = new Retries(policy, () => 0)
  const refused = failure('KPF_AUTH_REFUSED', '401')
  expect([1, 2, 3, 4].map(() => retries.afterFailure(refused))).toEqual([5_000, 15_000, 60_000, 60_000])
})

test('a server that names a time gets it, and up to a second more', () => {
  const retries = new Retries(policy, () => 0.5)
  expect(retries.afterFailure(failure('KPF_CLUSTER_BUSY', '429', { retryAfterMs: 7_000 }))).toBe(7_500)
  expect(retries.afterFailure(failure('KPF_CLUSTER_BUSY', '429', { retryAfterMs: 1e9 }))).toBe(60_500)
})
