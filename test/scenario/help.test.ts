/** `kpf help` and slips of the command line, as a person meets them; and that help tells what verbs do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verbs } from '../../src/cli/verbs.ts'
import { kpf } from '../e2e/kpf.ts'

let dir: string
let env: Record<string, string>

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kpf-help-'))
  await writeFile(join(dir, 'forwards.yaml'), 'forwards:\n  web: svc/web 3000:80\n')
  env = { KPF_FILE: join(dir, 'forwards.yaml'), KUBECONFIG: join(dir, 'none'), HOME: dir }
})
afterAll(() => rm(dir, { recursive: true, force: true }))

test.each(verbs.flatMap(({ name, outputs }) => (outputs ? [[name, outputs] as const] : [])))(
  'the forms of output that help tells are those that %s takes',
  async (name, outputs) => {
    const { code, stdout, stderr } = await kpf([name, '-o', 'nonsense', ...(name === 'trace' ? ['web'] : [])], { env })
    expect([code, stdout]).toEqual([2, ''])
    const [, told = ''] = /^ {4}use (.*)$/m.exec(stderr) ?? []
    expect(told.split(/, | or /)).toEqual([...outputs])
  },
)

test('help of a verb, by the word and by the flag, is the same, on stdout', async () => {
  const byWord = await kpf(['help', 'up'], { env })
  expect(byWord).toMatchObject({ code: 0, stderr: '' })
  expect(byWord.stdout).toMatch(/^kpf up \[NAME…\]/)
  expect(await kpf(['up', '--help'], { env })).toEqual(byWord)
  const ofTargets = await kpf(['help', 'TYPE/NAME'], { env })
  expect(ofTargets).toMatchObject({ code: 0, stdout: expect.stringContaining('--save') })
  expect(await kpf(['svc/api', '--help'], { env })).toEqual(ofTargets)
  expect(await kpf(['--help'], { env })).toEqual(await kpf(['help'], { env }))
})

test.each<[readonly string[], string]>([
  [['upp'], 'kpf: unknown verb "upp"\n    did you mean "kpf up" or "kpf ps" or "kpf url"?\n'],
  [['help', 'upp'], 'kpf: unknown verb "upp"\n    did you mean "kpf up" or "kpf ps" or "kpf url"?\n'],
  [['up', '--no-wacht'], 'kpf: unknown flag "--no-wacht"\n    did you mean "--no-watch"?\n'],
  [['completion'], 'kpf: completion wants the name of a shell\n    write: kpf completion bash (or another of bash, zsh, fish, powershell)\n'],
  [['completion', 'csh'], 'kpf: there is no completion for "csh"\n    write: kpf completion bash (or another of bash, zsh, fish, powershell)\n'],
])('a slip ends with 2 and the nearest: kpf %j', async (words, stderr) => {
  expect(await kpf(words, { env })).toEqual({ code: 2, stdout: '', stderr })
})
