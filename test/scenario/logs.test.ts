/** `kpf logs` and the plain lines of `kpf up`: a sentence a line, by the clock of who reads. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogLine } from '../../src/control/shapes.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

const inTokyo = ['TZ=Asia/Tokyo']

/** As the wall clock of Tokyo has it. */
function clockThere(time: string): string {
  return new Date(time).toLocaleTimeString('en-GB', { timeZone: 'Asia/Tokyo' })
}

test('a refused edit is sentences with their places; times are local for a person, and UTC as data', async () => {
  const text = `forwards:\n  web: svc/web ${await freePort()}:80\n`
  await using project = await ScenarioProject.make(text, sandbox.kubeconfig)
  const up = project.spawn('up', '--no-watch')
  await expect.poll(async () => (await project.run('wait')).code).toBe(0)
  await project.write(`${text}  bad: svc/web 1:2:3\n  worse: svc/web x\n`)
  expect((await project.run('reload')).code).toBe(2)
  const line: LogLine = JSON.parse((await project.run('logs', '-o', 'json', '--tail', '1')).stdout)
  const [, since = ''] = /^\S*forwards\.yaml not applied, still running the one of (\S+)\n/.exec(line.text) ?? []
  expect([line.time, since].map((time) => new Date(time).toISOString())).toEqual([line.time, since])
  const date = String.raw`(?:\d{4}-\d\d-\d\d )?`
  const sentences = [
    `\\S*forwards\\.yaml not applied, still running the one of ${date}${clockThere(since)}`,
    String.raw`\S*forwards\.yaml:3:16 KPF_PORT "1:2:3" is not a port; write \[LOCAL:\]REMOTE, such as 8080:80`,
    String.raw`\S*forwards\.yaml:4:18 KPF_PORT [^\n]*`,
  ]
  const printed = (await project.runWith(inTokyo, 'logs', '--tail', '1')).stdout
  expect(printed).toMatch(new RegExp(`^${sentences.map((sentence) => `${date}${clockThere(line.time)} ${sentence}\n`).join('')}$`))
  // As it is shown it can be asked for.
  const from = printed.slice(0, printed.indexOf(clockThere(line.time))) + clockThere(line.time)
  expect((await project.runWith(inTokyo, 'logs', '--level', 'error', '--since', from)).stdout).toBe(printed)
  // The run says the same, by its own clock.
  await expect.poll(() => up.stderr).toMatch(/forwards\.yaml not applied[^\n]*\n[^\n]*:3:16 KPF_PORT [^\n]*; write [^\n]*\n[^\n]*:4:18 KPF_PORT [^\n]*\n$/)
  up.signal('SIGINT')
  await up.exited
})

test('a file after -f, which follows here, is told where it goes', async () => {
  await using project = await ScenarioProject.make('forwards: {}\n', sandbox.kubeconfig)
  expect(await project.run('logs', '-f', './forwards.yaml')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'kpf: "./forwards.yaml" is no name of a forward: after logs, -f follows\n    a file stands before the verb: kpf -f ./forwards.yaml logs\n',
  })
})
