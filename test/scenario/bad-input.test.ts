/**
 * What no file of test/fixtures/bad can hold: files that are none, kubeconfigs, command
 * lines. The whole of what is printed, by the rows of the catalogue (test/file/catalogue.test.ts).
 */
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { program } from '../e2e/kpf.ts'
import { startShop } from './shop.ts'

/** One row: what lies there, and what is run. */
interface Case {
  readonly row: string
  readonly args: readonly string[]
  /** By path; `forwards.yaml` is a good one where nothing else is said, and none where it is `undefined`. */
  readonly files?: Readonly<Record<string, string | undefined>>
  readonly env?: Readonly<Record<string, string>>
  /** Of what is found there already. */
  readonly prepare?: (dir: string) => void
}

const GOOD = 'forwards:\n  web: svc/web :80\n'

let root: string
let shop: Sandbox
/** The parts of a kubeconfig that work. */
let parts: { readonly clusters: readonly [{ readonly cluster: object }]; readonly users: readonly [{ readonly user: object }]; readonly [key: string]: unknown }

beforeAll(async () => {
  shop = await startShop()
  parts = JSON.parse(shop.kubeconfig)
  root = mkdtempSync(join(tmpdir(), 'kpf-bad-'))
  chmodSync(root, 0o755)
})
afterAll(async () => {
  await shop.close()
  rmSync(root, { recursive: true, force: true })
})

/** Runs one, and gives all that it printed. */
async function outcome({ row, args, files = {}, env = {}, prepare }: Case): Promise<string> {
  const dir = mkdtempSync(join(root, 'case-'))
  chmodSync(dir, 0o755)
  mkdirSync(join(dir, '.git'))
  for (const [name, text] of Object.entries({ 'forwards.yaml': GOOD, kubeconfig: shop.kubeconfig, ...files })) {
    if (text === undefined) continue
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  prepare?.(dir)
  const own = { PATH: process.env['PATH'] ?? '', HOME: dir, KUBECONFIG: join(dir, 'kubeconfig'), XDG_STATE_HOME: join(dir, 'state'), ...env }
  // Nobody, where the tests run as root: a mode means nothing to root.
  const user = row.includes('mode') && process.getuid?.() === 0 ? { uid: 65_534 } : {}
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { cwd: dir, env: own, ...user, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      const printed = `${stdout}${stderr}`
        .replaceAll(dir, 'DIR')
        .replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER')
        .replaceAll(/pid \d+/g, 'pid N')
        .replaceAll(/\d+ days/g, 'N days')
      resolve(`## ${row}\n$ kpf ${args.join(' ')}\n${printed}exit ${code}`)
    })
    child.stdin?.end()
  })
}

/** All of them, a few at once. */
async function outcomes(cases: readonly Case[]): Promise<string> {
  const all: string[] = []
  for (let at = 0; at < cases.length; at += 3) all.push(...(await Promise.all(cases.slice(at, at + 3).map(outcome))))
  return `\n${all.join('\n\n')}\n`
}

const without = { 'forwards.yaml': undefined }
const check = ['check', '-f', 'f.yaml'] as const

test('files that are none', async () => {
  const cases: readonly Case[] = [
    { row: 'C1 nothing here or above', args: ['check'], files: without },
    { row: 'C1 the file that is named is missing', args: [...check] },
    { row: 'C2 a directory', args: ['check', '-f', '.'] },
    { row: 'C2 a pipe', args: [...check], prepare: (dir) => void execFileSync('mkfifo', [join(dir, 'f.yaml')]) },
    { row: 'C2 a device', args: ['check', '-f', '/dev/null'] },
    { row: 'C3 a mode that lets nobody read it', args: ['check'], prepare: (dir) => chmodSync(join(dir, 'forwards.yaml'), 0) },
    { row: 'C5 more than 1 MiB', args: [...check], files: { 'f.yaml': `forwards: {}\n${'# padding\n'.repeat(110_000)}` } },
    {
      row: 'C50 more forwards than the limit',
      args: [...check],
      files: { 'f.yaml': `forwards: {${Array.from({ length: 2_001 }, (_, at) => `f${at}: svc/a :80`).join()}}\n` },
    },
  ]
  expect(await outcomes(cases)).toMatchInlineSnapshot(`
    "
    ## C1 nothing here or above
    $ kpf check
    kpf: no forwards.yaml here or in the directories above, up to the repository
        write one with: kpf init, name one with -f, or try: kpf demo
    exit 2

    ## C1 the file that is named is missing
    $ kpf check -f f.yaml
    f.yaml:1:1 KPF_FILE_MISSING no such file
        fix: name another with -f
    exit 2

    ## C2 a directory
    $ kpf check -f .
    .:1:1 KPF_FILE_KIND not a regular file but a directory
        fix: name a file with -f
    exit 2

    ## C2 a pipe
    $ kpf check -f f.yaml
    f.yaml:1:1 KPF_FILE_KIND not a regular file but a pipe
        fix: name a file with -f
    exit 2

    ## C2 a device
    $ kpf check -f /dev/null
    /dev/null:1:1 KPF_FILE_KIND not a regular file but a device
        fix: name a file with -f
    exit 2

    ## C3 a mode that lets nobody read it
    $ kpf check
    forwards.yaml:1:1 KPF_FILE_UNREADABLE cannot be read (EACCES; owner 0, mode 000)
        fix: check its owner and mode
    exit 2

    ## C5 more than 1 MiB
    $ kpf check -f f.yaml
    f.yaml:1:1 KPF_FILE_SIZE the file is larger than 1 MiB (1100013 bytes)
        fix: split the project
    exit 2

    ## C50 more forwards than the limit
    $ kpf check -f f.yaml
    f.yaml:1:1 KPF_YAML_LIMIT 2001 forwards, the limit is 2000
        forwards: {f0: svc/a :80,f1: svc/a :80,f2: svc/a :80,f3: svc/a :80,f4: svc/a :80,f5: svc/a :80,f6: svc/a :80,f7: svc/a :80,f8: svc/a :80,f9: svc/a :80,f10: svc/
        ^
        fix: split the project
    exit 2
    "
  `)
})

test('contexts and kubeconfigs', async () => {
  const kubeconfig = (more: object): Readonly<Record<string, string>> => ({ kubeconfig: JSON.stringify({ ...parts, ...more }) })
  const cluster = (more: object): Readonly<Record<string, string>> =>
    kubeconfig({ clusters: [{ ...parts.clusters[0], cluster: { ...parts.clusters[0].cluster, ...more } }] })
  const user = (more: object): Readonly<Record<string, string>> => kubeconfig({ users: [{ ...parts.users[0], user: more }] })
  const plugin = (more: object): Readonly<Record<string, string>> =>
    user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', ...more } })
  const pki = await generate([{ name: 'commonName', value: 'me' }], { notBeforeDate: new Date(0), notAfterDate: new Date(86_400_000) })
  const other = await generate([{ name: 'commonName', value: 'other' }], { notBeforeDate: new Date(0), notAfterDate: new Date(86_400_000) })
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const certificate = (key: string): Readonly<Record<string, string>> => user({ 'client-certificate-data': base64(pki.cert), 'client-key-data': base64(key) })
  const live = ['check', '--live']
  const cases: readonly Case[] = [
    { row: 'C28 an unknown context', args: live, files: { 'forwards.yaml': `context: sampel\n${GOOD}` } },
    { row: 'C29 no current context', args: live, files: kubeconfig({ 'current-context': '' }) },
    { row: 'C55 no kubeconfig', args: live, env: { KUBECONFIG: '/nowhere/config' } },
    { row: 'C55 an empty kubeconfig', args: live, files: { kubeconfig: '' } },
    { row: 'C55 a kubeconfig that is not YAML', args: live, files: { kubeconfig: 'users:\n  - token: s3cr3t\n x: [' } },
    { row: 'C55 a kubeconfig of another kind', args: live, files: { kubeconfig: 'kind: Pod\n' } },
    { row: 'C56 a context with a cluster that is not there', args: live, files: kubeconfig({ clusters: [] }) },
    { row: 'C56 a context with a user that is not there', args: live, files: kubeconfig({ users: [] }) },
    { row: 'C57 a CA that is no base64', args: live, files: cluster({ server: 'https://127.0.0.1:1', 'certificate-authority-data': '%%%' }) },
    { row: 'C57 a certificate that has ended', args: live, files: certificate(pki.private) },
    { row: 'C57 a key of another certificate', args: live, files: certificate(other.private) },
    { row: 'C57 a key that is none', args: live, files: certificate('hello') },
    {
      row: 'C58 a token that would travel in clear',
      args: live,
      files: { kubeconfig: shop.kubeconfig.replace(/https?:\/\/127\.0\.0\.1:\d+/, 'http://10.0.0.1:80').replace(/"user":\{/, '"user":{"token":"s3cr3t",') },
    },
    {
      row: 'C59 unverified TLS of a kubeconfig of the project',
      args: ['check'],
      files: { 'forwards.yaml': `kubeconfig: k.yaml\n${GOOD}`, 'k.yaml': shop.kubeconfig },
    },
    { row: 'C60 a plugin that is absent', args: live, files: plugin({ command: 'kpf-no-such-plugin', installHint: 'get it from https://x' }) },
    { row: 'C60 a plugin of an old version', args: live, files: plugin({ apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'true' }) },
    { row: 'C60 a plugin that prints HTML', args: live, files: plugin({ command: 'echo', args: ['<html>log in</html>'] }) },
    { row: 'C60 a plugin that fails', args: live, files: plugin({ command: 'sh', args: ['-c', 'printf "no \\033[2J session" >&2; exit 3'] }) },
    { row: 'C61 an auth provider that is gone', args: live, files: user({ 'auth-provider': { name: 'gcp' } }) },
    { row: 'C61 a token file that is missing', args: live, files: user({ tokenFile: '/nowhere/token' }) },
    { row: 'C62 a proxy of an unknown kind', args: live, files: cluster({ 'proxy-url': 'ftp://proxy:1' }) },
    { row: 'C62 an odd NO_PROXY is no reason to fail', args: live, env: { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: ',, *.x ,::,[,127.0.0.1' } },
  ]
  expect(await outcomes(cases)).toMatchInlineSnapshot(`
    "
    ## C28 an unknown context
    $ kpf check --live
    forwards.yaml:1:10 KPF_CONTEXT_UNKNOWN context "sampel" is not in DIR/kubeconfig
        context: sampel
                 ^
        fix: did you mean "sample"?; see: kubectl config get-contexts
    exit 3

    ## C29 no current context
    $ kpf check --live
    forwards.yaml:2:3 KPF_CONTEXT_UNKNOWN no context is set in DIR/kubeconfig
          web: svc/web :80
          ^
        fix: name one with --context or in the file: there is "sample"; see: kubectl config get-contexts
    exit 3

    ## C55 no kubeconfig
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG no kubeconfig: /nowhere/config does not exist
          web: svc/web :80
          ^
        fix: set KUBECONFIG, or name one with --kubeconfig; see: kubectl config view
    exit 3

    ## C55 an empty kubeconfig
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG kubeconfig DIR/kubeconfig is empty or no map
          web: svc/web :80
          ^
        fix: restore it; see: kubectl config view
    exit 3

    ## C55 a kubeconfig that is not YAML
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG kubeconfig DIR/kubeconfig is not valid YAML (line 3)
          web: svc/web :80
          ^
        fix: correct it; kpf then goes on by itself; see: kubectl config view
    exit 3

    ## C55 a kubeconfig of another kind
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG DIR/kubeconfig is no kubeconfig: its kind is "Pod"
          web: svc/web :80
          ^
        fix: see: kubectl config view
    exit 3

    ## C56 a context with a cluster that is not there
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG context "sample" names cluster "sample", which is missing or incomplete in DIR/kubeconfig
          web: svc/web :80
          ^
        fix: add the cluster, or correct the context; see: kubectl config view
    exit 3

    ## C56 a context with a user that is not there
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG context "sample" names user "sample", which is missing or incomplete in DIR/kubeconfig
          web: svc/web :80
          ^
        fix: add the user, or correct the context; see: kubectl config view
    exit 3

    ## C57 a CA that is no base64
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG the certificate-authority-data of context "sample" holds no certificate: it is the base64 of a PEM file
          web: svc/web :80
          ^
        fix: fetch the kubeconfig again; see: kubectl config view
    exit 3

    ## C57 a certificate that has ended
    $ kpf check --live
    forwards.yaml:2:3 KPF_AUTH_REFUSED cluster of context "sample" (SERVER): client certificate, of user "sample": ended N days ago
          web: svc/web :80
          ^
        fix: renew the certificate, or fetch the kubeconfig again
    exit 4

    ## C57 a key of another certificate
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG cluster of context "sample" (SERVER): user "sample" cannot log in: client-key-data is not the key of client-certificate-data
          web: svc/web :80
          ^
        fix: take both from one pair, or fetch the kubeconfig again; see: kubectl --context sample get --raw /version; kpf explain KPF_KUBECONFIG
    exit 3

    ## C57 a key that is none
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG cluster of context "sample" (SERVER): user "sample" cannot log in: client-key-data holds no private key in PEM
          web: svc/web :80
          ^
        fix: give it a text that begins with -----BEGIN PRIVATE KEY----- (in a -data field the base64 of it), or fetch the kubeconfig again; see: kubectl --context sample get --raw /version; kpf explain KPF_KUBECONFIG
    exit 3

    ## C58 a token that would travel in clear
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG cluster of context "sample" (10.0.0.1:80): the server 10.0.0.1:80 is plain http: the credentials would travel in the clear
          web: svc/web :80
          ^
        fix: use https, or http on loopback only; see: kubectl --context sample get --raw /version; kpf explain KPF_KUBECONFIG
    exit 3

    ## C59 unverified TLS of a kubeconfig of the project
    $ kpf check
    forwards.yaml:1:13 KPF_APPROVAL a kubeconfig named by the file can run programs: it needs approval
        kubeconfig: k.yaml
                    ^
        fix: remove it and use --kubeconfig or KUBECONFIG, or approve it: kpf trust
    exit 9

    ## C60 a plugin that is absent
    $ kpf check --live
    forwards.yaml:2:3 KPF_AUTH_PLUGIN cluster of context "sample" (SERVER): credential plugin "kpf-no-such-plugin" is not installed
          web: svc/web :80
          ^
        fix: get it from https://x; see: kubectl --context sample get --raw /version; kpf explain KPF_AUTH_PLUGIN
    exit 4

    ## C60 a plugin of an old version
    $ kpf check --live
    forwards.yaml:2:3 KPF_AUTH_PLUGIN cluster of context "sample" (SERVER): plugin "true": apiVersion client.authentication.k8s.io/v1alpha1 is not supported
          web: svc/web :80
          ^
        fix: use client.authentication.k8s.io/v1; see: kubectl --context sample get --raw /version; kpf explain KPF_AUTH_PLUGIN
    exit 4

    ## C60 a plugin that prints HTML
    $ kpf check --live
    forwards.yaml:2:3 KPF_AUTH_PLUGIN cluster of context "sample" (SERVER): credential plugin "echo" printed 20 characters that are no JSON
          web: svc/web :80
          ^
        fix: see: kubectl --context sample get --raw /version; kpf explain KPF_AUTH_PLUGIN
    exit 4

    ## C60 a plugin that fails
    $ kpf check --live
    forwards.yaml:2:3 KPF_AUTH_PLUGIN cluster of context "sample" (SERVER): credential plugin "sh" failed with exit code 3: no \\u{1b}[2J session
          web: svc/web :80
          ^
        fix: run the login that the plugin needs; kpf then goes on by itself; see: kubectl --context sample get --raw /version; kpf explain KPF_AUTH_PLUGIN
    exit 4

    ## C61 an auth provider that is gone
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG_UNSUPPORTED cluster of context "sample" (SERVER): user "sample" uses auth-provider "gcp", which kubectl does not know any more either
          web: svc/web :80
          ^
        fix: use an exec plugin: see the documentation of your cluster; see: kubectl --context sample get --raw /version; kpf explain KPF_KUBECONFIG_UNSUPPORTED
    exit 3

    ## C61 a token file that is missing
    $ kpf check --live
    forwards.yaml:2:3 KPF_KUBECONFIG cluster of context "sample" (SERVER): user "sample" cannot log in: tokenFile "/nowhere/token" cannot be read (ENOENT)
          web: svc/web :80
          ^
        fix: check its path, owner and mode; see: kubectl --context sample get --raw /version; kpf explain KPF_KUBECONFIG
    exit 3

    ## C62 a proxy of an unknown kind
    $ kpf check --live
    forwards.yaml:2:3 KPF_PROXY_URL proxy-url names a proxy of an unknown kind, ftp:
          web: svc/web :80
          ^
        fix: write http://, https:// or socks5://, then HOST:PORT; see: kubectl config view
    exit 3

    ## C62 an odd NO_PROXY is no reason to fail
    $ kpf check --live
    forwards.yaml: 1 forward, no problems, and the clusters and this machine have what it wants
    exit 0
    "
  `)
}, 60_000)

test('command lines', async () => {
  const cases: readonly Case[] = [
    {
      row: 'C37 a profile that nobody has',
      args: ['up', '--profile', 'observ'],
      files: { 'forwards.yaml': 'forwards:\n  a: { target: svc/a, ports: [":80"], profiles: [observe] }\n' },
    },
    { row: 'C63 an unknown flag', args: ['check', '--lvie'] },
    { row: 'C63 an unknown verb', args: ['chekc'] },
    { row: 'C64 one file twice', args: ['check', '-f', 'forwards.yaml', '-f', 'forwards.yaml'] },
    { row: 'C64 standard input twice', args: ['check', '-f', '-', '-f', '-'] },
    { row: 'C64 standard input with nothing in it', args: ['check', '-f', '-'] },
    { row: 'C64 a time that is none', args: ['down', '--timeout', 'abc'] },
    { row: 'C64 a name that nobody has', args: ['up', 'wbe'] },
    { row: 'C64 a name that nobody has, in a plan', args: ['plan', 'wbe'] },
    { row: 'C65 down when nothing runs', args: ['down'] },
    { row: 'C65 logs when nothing runs', args: ['logs', 'web'] },
    { row: 'C66 a bad number in a variable', args: ['check'], env: { KPF_PORT_OFFSET: 'many' } },
    { row: 'C66 a bad word in a variable', args: ['check'], env: { KPF_COLOR: 'pink' } },
    { row: 'C66 a bad form in a variable', args: ['check'], env: { KPF_OUTPUT: 'xml' } },
    { row: 'C66 an unknown context in a variable', args: ['check', '--live'], env: { KPF_CONTEXT: 'nowhere' } },
    { row: 'C66 an unknown profile in a variable', args: ['check'], env: { KPF_PROFILES: 'debug' } },
    { row: 'C66 a switch of a variable that is neither on nor off', args: ['check'], env: { KPF_LIVE: 'maybe' } },
    { row: 'C66 a variable that is no flag is none of ours', args: ['check'], env: { KPF_SERVICE_HOST: '10.0.0.1' } },
  ]
  expect(await outcomes(cases)).toMatchInlineSnapshot(`
    "
    ## C37 a profile that nobody has
    $ kpf up --profile observ
    kpf: no forward has the profile "observ"
        profiles: observe
    exit 2

    ## C63 an unknown flag
    $ kpf check --lvie
    kpf: unknown flag "--lvie"
        did you mean "--live"?
    exit 2

    ## C63 an unknown verb
    $ kpf chekc
    kpf: unknown verb "chekc"
        did you mean "kpf check"?
    exit 2

    ## C64 one file twice
    $ kpf check -f forwards.yaml -f forwards.yaml
    kpf: forwards.yaml is named twice
        write -f forwards.yaml once
    exit 2

    ## C64 standard input twice
    $ kpf check -f - -f -
    kpf: standard input is named twice
        write -f - once
    exit 2

    ## C64 standard input with nothing in it
    $ kpf check -f -
    stdin:1:1 KPF_FILE_EMPTY the file is empty or holds comments only
        fix: restore it; \`forwards: {}\` stops all
    exit 2

    ## C64 a time that is none
    $ kpf down --timeout abc
    kpf: --timeout is no duration: "abc"
        write 10s, 500ms or 1m
    exit 2

    ## C64 a name that nobody has
    $ kpf up wbe
    kpf: no forward "wbe" in forwards.yaml
        did you mean "web"?
    exit 2

    ## C64 a name that nobody has, in a plan
    $ kpf plan wbe
    kpf: no forward "wbe" in forwards.yaml
        did you mean "web"?
    exit 2

    ## C65 down when nothing runs
    $ kpf down
    nothing runs
    exit 0

    ## C65 logs when nothing runs
    $ kpf logs web
    kpf: this project does not run
        start it with: kpf up -d; those that run: kpf ls
    exit 8

    ## C66 a bad number in a variable
    $ kpf check
    kpf: --port-offset is a number from 0, not "many"
        write --port-offset 1000
        it is set by KPF_PORT_OFFSET
    exit 2

    ## C66 a bad word in a variable
    $ kpf check
    kpf: --color is auto, always or never, not "pink"
        see: kpf help
        it is set by KPF_COLOR
    exit 2

    ## C66 a bad form in a variable
    $ kpf check
    kpf: check knows no output "xml"
        use text, json or github
        it is set by KPF_OUTPUT
    exit 2

    ## C66 an unknown context in a variable
    $ kpf check --live
    forwards.yaml:2:3 KPF_CONTEXT_UNKNOWN context "nowhere" is not in DIR/kubeconfig
          web: svc/web :80
          ^
        fix: there is "sample"; it is set by KPF_CONTEXT; see: kubectl config get-contexts
    exit 3

    ## C66 an unknown profile in a variable
    $ kpf check
    kpf: no forward has the profile "debug"
        the files name none
        it is set by KPF_PROFILES
    exit 2

    ## C66 a switch of a variable that is neither on nor off
    $ kpf check
    kpf: KPF_LIVE is 1 or 0, not "maybe"
        1 is --live, 0 is as if it were not set
    exit 2

    ## C66 a variable that is no flag is none of ours
    $ kpf check
    forwards.yaml: 1 forward, no problems
    exit 0
    "
  `)
})
