/** What tests are given to listen on. */
import { expect, test } from 'vitest'
import { freePort } from './free-port.ts'

// The machine gives one that was closed again at once, one time in 7,000 on Linux: two forwards of a file then had one port, and a `reload` or a `check` failed with 2.
test('no test gets a port twice', async () => {
  const ports: number[] = []
  for (let count = 0; count < 1_000; count++) ports.push(await freePort())
  expect(new Set(ports).size).toBe(ports.length)
})
