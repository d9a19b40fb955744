/** `kpf explain` as a person and a script use it. */
import { expect, test } from 'vitest'
import { kpf } from '../e2e/kpf.ts'

test('a code is explained whatever its case, and an unknown one is a mistake of usage', async () => {
  const found = await kpf(['explain', 'port-busy'])
  expect(found).toMatchObject({ code: 0, stderr: '' })
  expect(found.stdout).toMatch(/^KPF_PORT_BUSY\n {2}behind it: .*\n {2}kpf: .*\n {2}to see it: .*\n {2}to fix it: .*\n$/)
  const unknown = await kpf(['explain', 'KPF_PORT_BUZY'])
  expect(unknown).toMatchObject({ code: 2, stdout: '' })
  expect(unknown.stderr).toContain('did you mean "PORT_BUSY"')
})

test('all codes are listed, and given as data', async () => {
  const list = await kpf(['explain'])
  const data: unknown = JSON.parse((await kpf(['explain', '-o', 'json'])).stdout)
  expect(list.stdout.trim().split('\n').length).toBe(Array.isArray(data) ? data.length : 0)
})
