/**
 * A repository that was cloned a minute ago: whatever is risky in its file, nothing of it
 * happens before `kpf trust`. No verb listens, reads a file of somebody else, or runs the
 * program that a kubeconfig names; each program here would leave a mark.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { fetchText, isRefused } from '../e2e/clients.ts'
import { freePort, kpf } from '../e2e/kpf.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

/** What the tests look into of a kubeconfig. */
interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, unknown>> }[]
  readonly users: readonly { readonly user: { readonly token?: string } }[]
}

/** A clone in a folder of its own, beside things that are not of it, with a home of its own. */
class Clone implements AsyncDisposable {
  readonly #dir: string
  readonly port: number

  private constructor(dir: string, port: number) {
    this.#dir = dir
    this.port = port
  }

  static async make(port: number): Promise<Clone> {
    const clone = new Clone(await mkdtemp(join(tmpdir(), 'kpf-clone-')), port)
    for (const folder of ['home', 'repo/.git', 'marks', 'outside']) await mkdir(join(clone.#dir, folder), { recursive: true })
    await writeFile(join(clone.#dir, 'own-kubeconfig'), sandbox.kubeconfig)
    await writeFile(join(clone.#dir, 'repo/evil-kubeconfig'), clone.#evil())
    await writeFile(join(clone.#dir, 'repo/insecure-kubeconfig'), clone.#evil({ 'insecure-skip-tls-verify': true }))
    await writeFile(join(clone.#dir, 'outside/forwards.yaml'), `forwards:\n  secret-service: svc/web ${port}:80\n`)
    await writeFile(join(clone.#dir, 'outside/secrets.env'), 'SECRET=hunter2\n')
    await symlink('../outside/forwards.yaml', join(clone.#dir, 'repo/link.yaml'))
    return clone
  }

  /** The sample cluster, for a user whose token a program prints; that it ran is seen afterwards. */
  #evil(cluster: Readonly<Record<string, unknown>> = {}): string {
    const config = JSON.parse(sandbox.kubeconfig) as Kubeconfig
    const token = config.users[0]?.user.token
    const credential = JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } })
    const args = ['-c', `: > '${join(this.#dir, 'marks')}'/$$; printf '%s' '${credential}'`]
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args, interactiveMode: 'Never' }
    const { 'certificate-authority-data': authority, ...open } = config.clusters[0]?.cluster ?? {}
    const server = 'insecure-skip-tls-verify' in cluster ? { ...open, ...cluster } : { ...open, 'certificate-authority-data': authority }
    return JSON.stringify({ ...config, clusters: [{ name: 'sample', cluster: server }], users: [{ name: 'sample', user: { exec } }] })
  }

  async write(text: string): Promise<void> {
    await writeFile(join(this.#dir, 'repo/forwards.yaml'), text)
  }

  run(...args: readonly string[]): ReturnType<typeof kpf> {
    const env = { KUBECONFIG: join(this.#dir, 'own-kubeconfig'), HOME: join(this.#dir, 'home'), XDG_STATE_HOME: join(this.#dir, 'home'), XDG_RUNTIME_DIR: '' }
    return kpf(args, { cwd: join(this.#dir, 'repo'), env })
  }

  /** How many times a program of the file was run. */
  async marks(): Promise<number> {
    return (await readdir(join(this.#dir, 'marks'))).length
  }

  async approved(): Promise<string> {
    return readFile(join(this.#dir, 'home/kpf/approved.json'), 'utf8').catch(() => 'nothing')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('down', '--now')
    await rm(this.#dir, { recursive: true, force: true })
  }
}

/** What would start or ask something, with its exit code. */
const starting: readonly (readonly [readonly string[], number])[] = [
  [['up'], 9],
  [['up', '-d'], 9],
  [['run', '--', 'true'], 125],
  [['plan'], 9],
  [['doctor'], 9],
]
/** What else somebody may type before they have read the file. */
const others: readonly (readonly [readonly string[], number])[] = [
  [['up', '--wait', '-o', 'jsonl'], 9],
  [['up', '--no-input'], 9],
  [['check'], 9],
  [['config'], 9],
  [['config', '--exports'], 9],
  [['rbac'], 9],
  [['trace', 'web'], 9],
  [['ps'], 8],
  [['reload'], 8],
  // The Tab key asks clusters for names, that of the file among them.
  [['__complete', '--', 'trace', '='], 0],
  [['__complete', '--', '-n', '='], 0],
  [['__complete', '--', '='], 0],
]

interface Risk {
  readonly what: string
  /** The file, with the risky field or with another one in its place; and with something else changed. */
  readonly text: (port: number, field: string, rest?: string) => string
  readonly field: string
  readonly other: string
  /** The sentence that is approved. */
  readonly asked: RegExp
  /** Whether it may be started here once it is approved: not below 1024, nor on addresses that others reach. */
  readonly starts: boolean
}

const forward = (port: number, more = ''): string => `forwards:\n  web: { target: svc/web, ports: ["${port}:80"]${more} }\n`

const kubeconfigIn = (what: string, text: (port: number, field: string) => string, name = 'evil'): Risk => ({
  what: `a kubeconfig that is named ${what}`,
  text: (port, field, rest = '') => `${rest}${text(port, field)}`,
  field: `${name}-kubeconfig`,
  other: './other-kubeconfig',
  asked: new RegExp(`use the kubeconfig /\\S+/repo/${name}-kubeconfig, which can run programs`),
  // Once is enough: what is found where differs, what becomes of it does not.
  starts: what !== 'by defaults' && what !== 'by a forward',
})

const risks: readonly Risk[] = [
  kubeconfigIn('at the top', (port, field) => `kubeconfig: ${field}\n${forward(port)}`),
  kubeconfigIn('by defaults', (port, field) => `defaults: { kubeconfig: ${field} }\n${forward(port)}`),
  kubeconfigIn('by a cluster', (port, field) => `clusters: { dev: { kubeconfig: ${field} } }\n${forward(port, ', cluster: dev')}`),
  kubeconfigIn('by a forward', (port, field) => forward(port, `, kubeconfig: ${field}`)),
  kubeconfigIn('by a variable', (port, field) => `vars: { FILE: ${field} }\nkubeconfig: $FILE\n${forward(port)}`),
  kubeconfigIn('and verifies no certificate', (port, field) => `kubeconfig: ${field}\n${forward(port)}`, 'insecure'),
  {
    what: 'an address that others can reach',
    text: (port, field, rest = '') => rest + forward(port, `, addresses: ["${field}"]`),
    field: '0.0.0.0',
    other: '::',
    asked: /listen on 0\.0\.0\.0:\d+ for "web", which others can reach/,
    starts: false,
  },
  {
    what: 'an address of one port',
    text: (port, field, rest = '') => `${rest}forwards:\n  web: { target: svc/web, ports: ["${field}:${port}:80"] }\n`,
    field: '0.0.0.0',
    other: '[::]',
    asked: /listen on 0\.0\.0\.0:\d+ for "web", which others can reach/,
    starts: false,
  },
  {
    what: 'an address in the short form',
    text: (port, field, rest = '') => `${rest}forwards:\n  web: --address ${field} svc/web ${port}:80\n`,
    field: '0.0.0.0',
    other: '10.0.0.1',
    asked: /listen on 0\.0\.0\.0:\d+ for "web", which others can reach/,
    starts: false,
  },
  {
    what: 'a local port below 1024',
    text: (port, field, rest = '') => `${rest}forwards:\n  web: svc/web ${field}:80\n  fine: svc/web ${port}:80\n`,
    field: '1007',
    other: '1008',
    asked: /listen on 127\.0\.0\.1:1007 for "web", a port below 1024/,
    starts: false,
  },
  {
    what: 'an included file outside of the project',
    text: (_port, field, rest = '') => `${rest}include: [${field}]\nforwards: {}\n`,
    field: '../outside/forwards.yaml',
    other: '../outside/secrets.env',
    asked: /use the file \/\S+\/outside\/forwards\.yaml, which is outside of the project/,
    starts: true,
  },
  {
    what: 'an included link that leads out of the project',
    text: (_port, field, rest = '') => `${rest}include: [${field}]\nforwards: {}\n`,
    field: 'link.yaml',
    other: '../outside/secrets.env',
    asked: /use the file \/\S+\/outside\/forwards\.yaml, which is outside of the project/,
    starts: true,
  },
  {
    what: 'an env file outside of the project',
    text: (port, field, rest = '') => `${rest}envFile: ${field}\nforwards:\n  web: { target: svc/web, ports: ["${port}:80"], description: $SECRET }\n`,
    field: '../outside/secrets.env',
    other: '../own-kubeconfig',
    asked: /use the file \/\S+\/outside\/secrets\.env, which is outside of the project/,
    starts: true,
  },
]

async function expectNothing(clone: Clone, verbs: typeof starting): Promise<void> {
  for (const [words, code] of verbs) {
    const ran = await clone.run(...words)
    expect([words.join(' '), ran.code, ran.stdout + ran.stderr]).toEqual([words.join(' '), code, expect.not.stringMatching(/hunter2|secret-service/)])
  }
  expect([await clone.marks(), await isRefused(`tcp://127.0.0.1:${clone.port}`), await clone.approved()]).toEqual([0, true, 'nothing'])
}

test.each(risks)('$what: nothing happens before trust, and an edit of just that asks again', async ({ text, field, other, asked, starts }) => {
  await using clone = await Clone.make(await freePort())
  await clone.write(text(clone.port, field))
  await expectNothing(clone, starting)
  expect((await clone.run('trust')).stdout).toMatch(asked)

  expect(await clone.run('trust', '--yes')).toMatchObject({ code: 0, stdout: expect.stringMatching(asked) })
  expect(await clone.marks()).toBe(0)
  expect((await clone.run('check')).code).toBe(0)
  if (starts) {
    expect(await clone.run('up', '--wait')).toMatchObject({ code: 0 })
    expect(await fetchText(clone.port)).toContain('hello')
    expect((await clone.marks()) > 0).toBe(field.endsWith('kubeconfig'))
    await clone.run('down')
  }
  await clone.write(text(clone.port, field, 'description: an edit elsewhere\n'))
  expect((await clone.run('check')).code).toBe(0)
  await clone.write(text(clone.port, other))
  expect((await clone.run('check')).code).toBe(9)
})

test.each(risks.filter(({ what }) => /at the top|by a cluster|by a forward|included file|env file/.test(what)))(
  '$what: no verb and no Tab key has anything of it before trust',
  async ({ text, field }) => {
    await using clone = await Clone.make(await freePort())
    await clone.write(text(clone.port, field))
    await expectNothing(clone, others)
  },
)

test('a file that is pulled into another place, or comes by a pipe, was not approved', async () => {
  await using clone = await Clone.make(await freePort())
  await using second = await Clone.make(await freePort())
  const text = `kubeconfig: evil-kubeconfig\n${forward(clone.port)}`
  await clone.write(text)
  await second.write(text)
  expect((await clone.run('trust', '--yes')).code).toBe(0)
  expect((await second.run('check')).code).toBe(9)
})
