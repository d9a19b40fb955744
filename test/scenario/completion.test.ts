/**
 * Completion as shells ask for it: the functions of the scripts are driven in the shells
 * themselves, against a file, a kubeconfig and an API server.
 */
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasTmux, TmuxTerminal } from '../cli/tmux.ts'
import { program } from '../e2e/kpf.ts'
import { run } from '../e2e/rig/program.ts'

let dir: string
let server: Server
let env: NodeJS.ProcessEnv
const asked: string[] = []

interface Item {
  readonly metadata: { readonly name: string }
  readonly spec?: object
}

const named = (...names: string[]): { items: readonly Item[] } => ({ items: names.map((name) => ({ metadata: { name } })) })
const answers: Readonly<Record<string, { readonly items: readonly Item[] }>> = {
  '/api/v1/namespaces': named('shop', 'shipping', 'bad $(touch x) name'),
  '/api/v1/namespaces/shop/services': {
    items: [
      {
        metadata: { name: 'api' },
        spec: {
          ports: [
            { port: 80, name: 'http' },
            { port: 9090, name: 'metrics' },
          ],
        },
      },
      { metadata: { name: 'auth' } },
    ],
  },
  '/apis/apps/v1/namespaces/other/deployments': named('worker'),
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kpf-completion-'))
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    asked.push(pathname)
    // One that never answers: the completion must end without it.
    if (pathname.includes('/namespaces/slow/')) return
    const answer = answers[pathname]
    response.statusCode = answer === undefined ? 404 : 200
    response.setHeader('content-type', 'application/json')
    const [, only] = /^metadata\.name=(.+)$/.exec(searchParams.get('fieldSelector') ?? '') ?? []
    const items = answer?.items.filter(({ metadata }) => only === undefined || metadata.name === only)
    response.end(JSON.stringify(items === undefined ? { kind: 'Status' } : { items }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await mkdir(join(dir, 'bin'))
  await writeFile(join(dir, 'bin', 'kpf'), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`)
  await writeFile(join(dir, 'bin', 'plugin'), `#!/bin/sh\ntouch ${dir}/plugin-ran\n`)
  for (const name of ['kpf', 'plugin']) await chmod(join(dir, 'bin', name), 0o755)
  await writeFile(
    join(dir, 'forwards.yaml'),
    'include: [more.yaml]\nforwards:\n  web: svc/web 3000:80\n  api: { target: svc/api, profiles: [dev], ports: [8080] }\n',
  )
  await writeFile(join(dir, 'an own file.yaml'), 'forwards:\n  mine: svc/mine 4000\n')
  await writeFile(join(dir, 'more.yaml'), 'forwards:\n  worker: deploy/worker 6060\n')
  await writeFile(join(dir, 'kubeconfig'), kubeconfig(port))
  env = { ...process.env, PATH: `${dir}/bin:${process.env['PATH'] ?? ''}`, KUBECONFIG: join(dir, 'kubeconfig'), HOME: dir, XDG_CACHE_HOME: join(dir, 'cache') }
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(dir, { recursive: true, force: true })
})

function kubeconfig(port: number): string {
  return `apiVersion: v1
kind: Config
current-context: kind-dev
clusters: [{ name: dev, cluster: { server: "http://127.0.0.1:${port}" } }]
users:
  - { name: me, user: { token: sesame } }
  - { name: plugged, user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: ${join(dir, 'bin', 'plugin')}, interactiveMode: Never } } }
contexts:
  - { name: kind-dev, context: { cluster: dev, user: me, namespace: shop } }
  - { name: "arn:aws:eks:eu-west-1:12:cluster/live", context: { cluster: dev, user: plugged, namespace: shop } }
`
}

interface Shell {
  readonly path: string
  /** The arguments that make the shell print what it would offer at the end of the line. */
  readonly args: (line: string) => readonly string[]
  /** How a person starts it here, and what they type once. */
  readonly interactive: readonly [readonly string[], string]
}

const shells: Readonly<Record<string, Shell>> = {
  bash: {
    path: '/usr/bin/bash',
    args: (line) => ['--norc', '-c', 'eval "$(kpf completion bash)"; COMP_LINE=$1; COMP_POINT=${#1}; _kpf; printf "%s\\n" "${COMPREPLY[@]}"', '-', line],
    interactive: [['--norc'], 'PS1="> "; eval "$(kpf completion bash)"'],
  },
  zsh: {
    path: '/usr/bin/zsh',
    // Outside of its line editor zsh has no compadd: this one prints what it is given and fits.
    args: (line) => [
      '-f',
      '-c',
      `compdef() { }
compadd() { local -a all; while (( $# )); do case $1 in -a) all=("\${(@P)2}"); shift 2;; -d|-V|-S) shift 2;; *) shift;; esac; done; print -rl -- $all }
_files() { print -rl -- *.yaml }
source <(kpf completion zsh); words=("\${(@s: :)1}"); CURRENT=$#words; _kpf`,
      '-',
      line,
    ],
    interactive: [['-f'], 'PS1="> "; autoload -U compinit; compinit -u -d "$HOME/dump"; source <(kpf completion zsh)'],
  },
  fish: {
    path: '/usr/bin/fish',
    args: (line) => ['--no-config', '-c', 'kpf completion fish | source; complete -C $argv[1]', line],
    interactive: [['--no-config'], 'function fish_prompt; echo "> "; end; kpf completion fish | source'],
  },
}

/** What a shell on a terminal is given of the environment. */
function environment(): Record<string, string> {
  return Object.fromEntries(['PATH', 'KUBECONFIG', 'HOME', 'XDG_CACHE_HOME'].map((key) => [key, env[key] ?? '']))
}

async function offered(shell: Shell, line: string): Promise<readonly string[]> {
  const { stdout, stderr } = await run('/usr/bin/env', ['-C', dir, shell.path, ...shell.args(line)], { env })
  expect(stderr).toBe('')
  return stdout.split('\n').flatMap((text) => (text === '' ? [] : [text.split('\t')[0] ?? '']))
}

describe.each(Object.entries(shells))('in %s', (_name, shell) => {
  const isThere = existsSync(shell.path)
  describe.skipIf(!isThere)(isThere ? 'here' : `(skipped: ${shell.path} is not installed)`, () => {
    test.each<[string, readonly string[]]>([
      ['kpf chec', ['check']],
      ['kpf up --no-w', ['--no-watch']],
      ['kpf completion z', ['zsh']],
      ['kpf up ', ['api', 'web', 'worker']],
      ['kpf up -f m', ['more.yaml']],
      ['kpf up web ', ['api', 'worker']],
      ['kpf wait --for ', ['ready', 'stopped']],
    ])('"%s" is completed to %s', async (line, expected) => {
      const words = await offered(shell, line)
      const fitting = line.endsWith('-f m') ? words.filter((word) => word.startsWith('m')) : words
      expect(fitting.toSorted()).toEqual(expected)
    })

    test.skipIf(!hasTmux)(hasTmux ? 'with the Tab key' : '(skipped: tmux is not installed)', async () => {
      const [args, first] = shell.interactive
      // High enough for a shell that lists one verb a line.
      await using terminal = await TmuxTerminal.start(['env', '-C', dir, shell.path, ...args], { env: environment(), height: 48 })
      await terminal.press(`${first}; clear; echo here`, 'Enter')
      await terminal.shows(/^here$/m)
      await terminal.press('kpf chec', 'Tab')
      await terminal.shows(/> kpf check$/)
      await terminal.press('-f m', 'Tab')
      await terminal.shows(/> kpf check -f more\.yaml$/)
      await terminal.press('C-u', "kpf up 'a", 'Tab')
      await terminal.shows(/> kpf up 'api/)
      await terminal.press('C-u', 'kpf trace sv', 'Tab')
      await terminal.shows(/> kpf trace svc\/$/)
      await terminal.press('C-u', 'kpf ', 'Tab', 'Tab')
      const shown = await terminal.shows(/\bdoctor\b/)
      expect(shown.split('\n').filter((line) => line.length > 80)).toEqual([])
    })

    test.each<[string, readonly string[]]>([
      ['kpf -n sh', ['shipping', 'shop']],
      ['kpf svc/a', ['svc/api', 'svc/auth']],
      ['kpf svc/api ', ['8080:80', '9090']],
      ['kpf -n other deploy/', ['deploy/worker']],
    ])('"%s" is completed from the cluster: %s', async (line, expected) => {
      // A machine that is busy may be late, and then it is silent.
      await expect.poll(async () => (await offered(shell, line)).toSorted()).toEqual(expected)
    })
  })
})

test.each(Object.entries(shells))('words in quotes and with blanks are whole words in %s', async (name, shell) => {
  if (!existsSync(shell.path)) return
  // Here zsh is asked with words that are split already.
  const written = name === 'zsh' ? [] : ["kpf up 'w", 'kpf up "w']
  for (const line of written) expect(await offered(shell, line)).toEqual(['web', 'worker'])
  if (name !== 'zsh')
    for (const line of ["kpf -f 'an own file.yaml' up ", 'kpf -f an\\ own\\ file.yaml up ']) expect(await offered(shell, line)).toEqual(['mine'])
})

test('bash takes off what it has taken for a word of its own: ":" and "="', async () => {
  const bash = shells['bash']
  if (bash === undefined || !existsSync(bash.path)) return
  expect(await offered(bash, 'kpf up --context=arn:aws:eks:e')).toEqual(['eu-west-1:12:cluster/live'])
  expect(await offered(bash, 'kpf trace --transport=we')).toEqual(['websocket'])
  await expect.poll(() => offered(bash, 'kpf svc/api 9000:m')).toEqual(['metrics'])
})

async function complete(...words: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return run('/usr/bin/env', ['-C', dir, 'kpf', '__complete', '--', ...words], { env })
}

test('a credential plugin is never run, and its cluster never asked', async () => {
  const before = asked.length
  const result = await complete('--context', 'arn:aws:eks:eu-west-1:12:cluster/live', '=svc/')
  expect(result).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(existsSync(join(dir, 'plugin-ran'))).toBe(false)
  expect(asked.length).toBe(before)
})

test('a server that does not answer, no kubeconfig, no file, nonsense: silence', async () => {
  const silent = { code: 0, stdout: '', stderr: '' }
  expect(await complete('-n', 'slow', '=svc/')).toEqual(silent)
  expect(await complete('--kubeconfig', '/nowhere', '--context', '=')).toEqual(silent)
  expect(await complete('--kubeconfig', join(dir, 'bin', 'kpf'), '=svc/')).toEqual(silent)
  expect(await complete('up', '-f', '/nowhere', '=')).toEqual(silent)
  expect(await complete('svc/none', '=')).toEqual(silent)
  expect(await complete('--=', '-', '=--=')).toEqual(silent)
})

test('nothing that a shell would read as more than text is offered', async () => {
  await expect.poll(async () => (await complete('-n', '=')).stdout).toBe('shop\nshipping\n')
})

test('words of the table are found without anything heavy', () => {
  const chunks = join(dirname(program), 'chunks')
  const entry = /import\(`\.\/chunks\/(completion-answer-[^`]+)`\)/.exec(readFileSync(program, 'utf8'))?.[1] ?? ''
  const seen = new Set([entry])
  for (const file of seen) for (const [, next = ''] of readFileSync(join(chunks, file), 'utf8').matchAll(/from"\.\/([^"]+)"/g)) seen.add(next)
  const texts = [...seen].map((file) => readFileSync(join(chunks, file), 'utf8'))
  // What Node has read itself by then, or reads in a millisecond or two; node:net brings node:stream, and node:tty is little more, and taken only when somebody asks for the terminal.
  const light = ['node:fs', 'node:net', 'node:os', 'node:path', 'node:stream', 'node:tty', 'node:util']
  const taken = texts.flatMap((text) => [...text.matchAll(/getBuiltinModule\(`([^`]+)`\)/g)].map(([, name = '']) => name))
  expect(taken).toContain('node:util')
  expect(taken.filter((name) => !light.includes(name))).toEqual([])
  // The YAML package alone would be 180,000 more, that of the validator 160,000.
  expect(texts.reduce((sum, text) => sum + text.length, 0)).toBeLessThan(72_000)
})
