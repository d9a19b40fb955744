/**
 * The transcript of somebody who uses kpf for the first time and makes mistakes: each is
 * mended with what its message proposes, taken from the message letter by letter.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { fetchText, isRefused } from '../e2e/clients.ts'
import { freePort, program } from '../e2e/kpf.ts'
import { type Ran, ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

/** Where a message points, and what it says to do. */
interface Advice {
  readonly line: number
  readonly column: number
  readonly fix: string
}

/** The problems as they are printed. */
function advices(printed: string): readonly Advice[] {
  return [...printed.matchAll(/^\S+?:(\d+):(\d+) KPF_\w+ .*\n(?: .*\n)*? +fix: (.*)$/gm)].map(([, line, column, fix = '']) => ({
    line: Number(line),
    column: Number(column),
    fix,
  }))
}

/** The text with what is proposed in the place of what stands at the message's column. */
function mended(text: string, { line, column, fix }: Advice, wrong: RegExp, proposal: string): string {
  const lines = text.split('\n')
  const at = lines[line - 1] ?? ''
  const [before, after] = [at.slice(0, column - 1), at.slice(column - 1)]
  expect(after, `what stands at ${line}:${column} for "${fix}"`).toMatch(wrong)
  return lines.with(line - 1, before + after.replace(wrong, () => proposal)).join('\n')
}

/** What a message proposes, or a failure that quotes it. */
function proposed(fix: string, form: RegExp): string {
  const [, found] = form.exec(fix) ?? []
  if (found === undefined) throw new Error(`no proposal in "${fix}"`)
  return found
}

/** An offset with which 8080 and 8081 are nobody's: what init writes may be taken on this machine. */
async function freeOffset(): Promise<number> {
  for (;;) {
    const offset = (await freePort()) - 8080
    if (offset > 0 && (await isRefused(`tcp://127.0.0.1:${offset + 8080}`)) && (await isRefused(`tcp://127.0.0.1:${offset + 8081}`))) return offset
  }
}

/** `up --wait` with an offset, again with another one when a port was taken meanwhile. */
async function upBesideOthers(
  run: (verb: string, ...more: readonly string[]) => Promise<Ran>,
): Promise<{ readonly up: Ran; readonly offset: readonly string[] }> {
  for (;;) {
    const offset = ['--port-offset', `${await freeOffset()}`]
    const up = await run('up', '--wait', '--wait-timeout', '2s', ...offset)
    if (!up.stderr.includes('is used by')) return { up, offset }
    await run('down', '--now', ...offset)
  }
}

test('from init over four mistakes to two forwards that are ready, by what the messages say', async () => {
  await using project = await ScenarioProject.make('', sandbox.kubeconfig)
  const path = join(project.dir, 'first', 'forwards.yaml')
  const file = join('first', 'forwards.yaml')
  const run = (verb: string, ...more: readonly string[]): ReturnType<ScenarioProject['run']> => project.run(verb, '-f', file, ...more)
  await mkdir(join(project.dir, 'first'))

  expect(await run('init')).toMatchObject({ code: 0, stderr: 'first/forwards.yaml written, with 1 service of sample/shop. Next: kpf up\n' })
  const written = await readFile(path, 'utf8')
  const entry = '  web: svc/web 8080:80\n'
  expect(written).toContain(entry)

  let text = written.replace(entry, '  web:\n    taget: svc/web\n    ports: ["80800:80"]\n  api: svc/wbe ${API_PORT}:80\n')
  await writeFile(path, text)
  const checked = await run('check')
  expect(checked).toMatchObject({ code: 2, stderr: '' })
  expect(checked.stdout).toMatchInlineSnapshot(`
    "first/forwards.yaml:9:5 KPF_KEY_UNKNOWN unknown key "taget"
            taget: svc/web
            ^
        fix: did you mean "target"?
    first/forwards.yaml:10:14 KPF_PORT "80800" is not a local port: a number from 1 to 65535
            ports: ["80800:80"]
                     ^
        fix: write [LOCAL:]REMOTE, such as 8080:80
    first/forwards.yaml:11:16 KPF_VARIABLE_UNSET the variable API_PORT is not set
          api: svc/wbe \${API_PORT}:80
                       ^
        fix: set API_PORT, or write \${API_PORT:-default}
    "
  `)

  const [key, port, variable, ...others] = advices(checked.stdout)
  if (!key || !port || !variable) throw new Error(checked.stdout)
  expect(others).toEqual([])
  text = mended(text, key, /^\w+/, proposed(key.fix, /did you mean "(\w+)"\?$/))
  text = mended(text, port, /^[^"]+/, proposed(port.fix, /such as (\S+)$/))
  text = mended(text, variable, /^\$\{\w+\}/, proposed(variable.fix, /or write (\S+)$/).replace('default', '8081'))
  await writeFile(path, text)
  expect(await run('check')).toMatchObject({ code: 0, stdout: 'first/forwards.yaml: 2 forwards, no problems\n' })

  const { up, offset } = await upBesideOthers(run)
  expect([up.code, up.stderr.split('\n').at(-2)]).toEqual([
    124,
    '    api: waiting: service "wbe" does not exist in namespace "shop"; did you mean "web"?; see: kubectl get services -n shop --context sample',
  ])
  const doctor = await run('doctor', 'api', ...offset)
  // Ports that kpf itself has are no reason to kill it.
  expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringMatching(/local-port .* held by this project, which runs/)])
  const service = proposed(/fix: (.*)/.exec(doctor.stdout)?.[1] ?? '', /did you mean "(\S+)"\?/)
  // The file is watched: nothing has to be started again.
  await writeFile(path, text.replace('svc/wbe', `svc/${service}`))
  expect(await run('wait', ...offset)).toMatchObject({ code: 0, stderr: '' })
  for (const name of ['web', 'api']) {
    const [, at] = /:(\d+)\n$/.exec((await run('port', name, ...offset)).stdout) ?? []
    expect(await fetchText(Number(at))).toContain('hello')
  }
  expect(await run('down', ...offset)).toMatchObject({ code: 0, stderr: expect.stringContaining('2 forwards, 2 connections served') })
})

test('a directory that is removed under the shell is no error of kpf', async () => {
  await using project = await ScenarioProject.make('forwards: {}\n', sandbox.kubeconfig)
  const script = `mkdir gone && cd gone && rmdir ../gone && exec '${process.execPath}' '${program}' ps`
  const { status, stderr } = spawnSync('sh', ['-c', script], { cwd: project.dir, encoding: 'utf8' })
  expect([status, stderr]).toEqual([1, 'kpf: the directory that this shell is in is no more\n    cd to one that is there\n'])
})
