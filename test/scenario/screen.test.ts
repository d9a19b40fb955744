/** What a person sees of `kpf up` on a terminal, and what the keys do: recorded by tmux, compared as text. */
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { freePorts } from '../../src/system/free-ports.ts'
import { startOf } from '../../src/system/processes.ts'
import { hasTmux, masked, type TerminalOptions, TmuxTerminal } from '../cli/tmux.ts'
import { program } from '../e2e/kpf.ts'

const apps = [
  { name: 'web', image: 'shop/web:2.1.0', replicas: 1, ports: { 8080: { name: 'http', speaks: 'http' } } },
  { name: 'queue', image: 'shop/queue:7.2', replicas: 1, ports: { 7000: { name: 'echo', speaks: 'echo' } } },
] as const

let sandbox: Sandbox
let dir: string

beforeAll(async () => {
  sandbox = await Sandbox.start({ clock: realClock, namespace: 'shop', apps })
  dir = await mkdtemp(join(tmpdir(), 'kpf-screen-'))
  await writeFile(join(dir, 'kubeconfig'), sandbox.kubeconfig)
})
afterAll(async () => {
  await sandbox.close()
  for (const folder of [dir, ...folders]) await rm(folder, { recursive: true, force: true })
})

const folders: string[] = []

async function kpf(args: readonly string[], options: TerminalOptions = {}): Promise<TmuxTerminal> {
  const env = { HOME: dir, XDG_RUNTIME_DIR: '', KUBECONFIG: join(dir, 'kubeconfig'), ...options.env }
  return TmuxTerminal.start([process.execPath, program, ...args], { ...options, env })
}

async function up(text: string, options: TerminalOptions = {}): Promise<TmuxTerminal> {
  const folder = await mkdtemp(join(tmpdir(), 'kpf-screen-'))
  folders.push(folder)
  const file = join(folder, 'forwards.yaml')
  await writeFile(file, `name: shop\n${text}`)
  return kpf(['up', '-f', file], options)
}

async function squatters(...ports: readonly number[]): Promise<readonly Server[]> {
  return Promise.all(
    ports.map(async (port) => {
      const server = createServer().listen(port, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

/** Without reasons. */
function rowsOf(screen: string): string {
  return masked(screen)
    .split('\n')
    .filter((line) => /^(\S| {2}\S)/.test(line))
    .join('\n')
}

describe.skipIf(!hasTmux)(hasTmux ? 'on a terminal' : '(skipped: tmux is not installed)', () => {
  test("a newcomer's first five minutes: kpf, then the demo, its keys, and the end", async () => {
    await using first = await kpf([])
    expect(await first.ended()).toMatchInlineSnapshot(`
      "kpf keeps Kubernetes port-forwards up, from a file you commit.
        kpf demo               try it now, no cluster needed
        kpf svc/api 8080:80    one forward, as in kubectl; --save adds it to the file
        kpf init               write a forwards.yaml to start from
        kpf up                 start what forwards.yaml says, and keep it up
      Using context sample, namespace shop (~/kubeconfig). More: kpf help
      [exit 0]"
    `)
    await using demo = await kpf(['demo'], { env: { PATH: dir } })
    expect(masked(await demo.shows(/all 3 ready in/))).toMatchInlineSnapshot(`
      "a sample cluster runs in this process, at https://127.0.0.1:PPPPP
      the file is /tmp/kpf-xxxxxx/forwards.yaml: edit it while kpf runs
      try: curl localhost:PPPPP      stop: Ctrl-C
      in another terminal: cd /tmp/kpf-xxxxxx
          then: kpf ps, kpf logs, kpf stop web, kpf trace web --kubeconfig kubeconfig

      demo  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      all 3 ready in N s

        ● web    localhost:PPPPP  svc/web:80         web-xxxxx    2.1.0  0 conn AGE
        ● api    localhost:PPPPP  deploy/api:http    api-xxxxx    1.4.2  0 conn AGE
        ● queue  localhost:PPPPP  -l app=queue:echo  queue-xxxxx  7.2    0 conn AGE

        all 3 ready                           o open  r retry  l log  q quit  ? help"
    `)
    await demo.press('o')
    expect(
      masked(await demo.shows(/no browser/))
        .split('\n')
        .at(-1),
    ).toMatchInlineSnapshot(`"  all 3 ready                          no browser here: http://localhost:PPPPP"`)
    await demo.press('l')
    expect(
      masked(await demo.shows(/log on/))
        .split('\n')
        .at(-1),
    ).toMatchInlineSnapshot(`"  all 3 ready                             log on: each change is printed above"`)
    await demo.press('r')
    expect(
      masked(await demo.shows(/trying again/))
        .split('\n')
        .at(-1),
    ).toMatchInlineSnapshot(`"  all 3 ready                                                 trying again now"`)
    await demo.press('q')
    // Which of the three was ready first is chance.
    const ended = masked(await demo.ended()).replaceAll(/^HH:MM:SS (\w+): ready on .*\)$/gm, 'HH:MM:SS NAME: ready')
    expect(ended).toMatchInlineSnapshot(`
      "a sample cluster runs in this process, at https://127.0.0.1:PPPPP
      the file is /tmp/kpf-xxxxxx/forwards.yaml: edit it while kpf runs
      try: curl localhost:PPPPP      stop: Ctrl-C
      in another terminal: cd /tmp/kpf-xxxxxx
          then: kpf ps, kpf logs, kpf stop web, kpf trace web --kubeconfig kubeconfig

      demo  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      all 3 ready in N s
      HH:MM:SS NAME: ready
      HH:MM:SS NAME: ready
      HH:MM:SS NAME: ready
      demo stopped: 3 forwards, 0 connections served, N s
      [exit 0]"
    `)
  })

  test('a rollout is told once above the table, and the table shows the next pod', async () => {
    const [port = 0] = await freePorts(1)
    await using terminal = await up(`forwards:\n  web: svc/web ${port}:80\n`, { env: { TZ: 'Asia/Tokyo' } })
    await terminal.shows(/ready in/)
    const [pod = ''] = sandbox.workloads.podsOf('web')
    const deleted = sandbox.workloads.delete(pod)
    const hourThere = new Date().toLocaleTimeString('en-GB', { timeZone: 'Asia/Tokyo' }).slice(0, 2)
    expect(await terminal.shows(/moved to pod[^]*● web/)).toMatch(new RegExp(`^${hourThere}:`, 'm'))
    expect(masked(await terminal.screen())).toMatchInlineSnapshot(`
      "shop  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      ready in N s
      HH:MM:SS web: moved to pod web-xxxxx (web-xxxxx is ending)

        ● web  localhost:PPPPP  svc/web:80  web-xxxxx  2.1.0  0 conn AGE

        ready                                         r retry  l log  q quit  ? help"
    `)
    await deleted
    await terminal.press('q')
    await terminal.ended()
  })

  test('keys: what they do is told where someone asks, or tries another; the log begins with what happened last', async () => {
    const [port = 0] = await freePorts(1)
    await using terminal = await up(`forwards:\n  web: svc/web ${port}:80\n`)
    await terminal.shows(/ready in/)
    await terminal.press('?')
    expect(masked(await terminal.shows(/any key: back/))).toMatchInlineSnapshot(`
      "shop  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      ready in N s

        o    open a port of "appProtocol: http" in the browser; again: the next
        r    try again now what waits or has failed
        l    print each change above the table; again: no more
        j k  scroll where not all fit, as the arrows do; a page: PgDn, PgUp
        q    stop, as Ctrl-C does; again: at once

        ready                                                          any key: back"
    `)
    await terminal.press('x')
    expect(
      masked(await terminal.shows(/● web/))
        .split('\n')
        .at(-1),
    ).toMatchInlineSnapshot(`"  ready                                     "x" does nothing; ? tells the keys"`)
    await terminal.press('l')
    expect(masked(await terminal.shows(/log on/))).toMatchInlineSnapshot(`
      "shop  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      ready in N s
      HH:MM:SS web: ready on localhost:PPPPP (svc/web:80, pod web-xxxxx)

        ● web  localhost:PPPPP  svc/web:80  web-xxxxx  2.1.0  0 conn AGE

        ready                                   log on: each change is printed above"
    `)
    await terminal.press('q')
    await terminal.ended()
    expect(await terminal.hasCursor()).toBe(true)
  })

  test('a terminal that becomes narrow and wide again has each line once, in a line of its own', async () => {
    const ports = await freePorts(12)
    const lines = ports.map((port, index) => `  f${`${index}`.padStart(2, '0')}: svc/none ${port}:80\n`)
    await using terminal = await up(`forwards:\n${lines.join('')}`, { width: 100, height: 45 })
    for (const [width, height, shape] of [
      [100, 45, /f11 .* no pod /],
      [79, 24, /^ {2}… f00 {2}localhost:\d+ {2}no pod$/m],
      [60, 30, /^ {2}… f00 {2}localhost:\d+ {2}no pod$[^]*0 of 12 ready {5,20}r retry/m],
      [40, 20, /^ {2}… f00 {2}:\d+ {2}no pod$/m],
      [20, 10, /^ {2}… f00 {2}:\d+ {2}no?…$/m],
      [200, 50, /f11 .* svc\/none:80 .* no pod/],
    ] as const) {
      await terminal.resize(width, height)
      await terminal.shows(shape)
    }
    // What was broken by the narrow terminal is not taken for one line with the next, in what has scrolled away too.
    expect((await terminal.history()).split('\n').filter((line) => (line.match(/ f\d\d /g) ?? []).length > 1)).toEqual([])
    expect(await terminal.hasCursor()).toBe(false)
    await terminal.press('q')
    await terminal.ended()
  })

  test('a second up shows the same table, and how to leave it; ps --watch too', async () => {
    const ports = await freePorts(30)
    await using terminal = await up(`forwards:\n${ports.map((port, index) => `  f${index}: svc/web ${port}:80\n`).join('')}`, { env: { TZ: 'Asia/Tokyo' } })
    await terminal.shows(/all 30 ready/)
    const file = join(folders.at(-1) ?? '', 'forwards.yaml')
    await using second = await kpf(['up', '-f', file], { width: 100, env: { TZ: 'Asia/Tokyo' } })
    const hourThere = new Date().toLocaleTimeString('en-GB', { timeZone: 'Asia/Tokyo' }).slice(0, 2)
    const attached = masked(await second.shows(/and \d+ ready/))
    expect(await second.history()).toMatch(
      new RegExp(`^applied: nothing changed; 30 untouched\nshop already runs \\(pid \\d+, since ${hourThere}:\\d\\d\\)\\. Attached: q leaves it running`),
    )
    expect(attached.split('\n').slice(0, 3).join('\n')).toMatchInlineSnapshot(`
      "
        ● f0   localhost:PPPPP  svc/web:80  web-xxxxx  2.1.0  0 conn AGE
        ● f1   localhost:PPPPP  svc/web:80  web-xxxxx  2.1.0  0 conn AGE"
    `)
    expect(attached.split('\n').slice(-3).join('\n')).toMatchInlineSnapshot(`
      "  and 11 ready

        all 30 ready                                   attached; j/k scroll  q leaves it running  ? help"
    `)
    await second.press('PageDown')
    expect(
      masked(await second.shows(/^ {2}\d+ above$/m))
        .split('\n')
        .slice(-4)
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "  ● f29  localhost:PPPPP  svc/web:80  web-xxxxx  2.1.0  0 conn AGE
        11 above

        all 30 ready                                   attached; j/k scroll  q leaves it running  ? help"
    `)
    await second.press('?')
    expect(masked(await second.shows(/any key: back/))).toMatchInlineSnapshot(`
      "
        j k  scroll where not all fit, as the arrows do; a page: PgDn, PgUp
        q    leave, as Ctrl-C does; what runs goes on

        all 30 ready                                                                       any key: back"
    `)
    await second.press('k')
    await second.shows(/f28 [^]*^ {2}10 above, 1 below$/m)
    await second.press('q')
    expect(
      (await second.ended())
        .replaceAll(/pid \d+/g, 'pid N')
        .split('\n')
        .slice(-2),
    ).toEqual(['shop goes on in pid N; `kpf down` stops it', '[exit 0]'])
    expect(await second.hasCursor()).toBe(true)
    await using watch = await kpf(['ps', '--watch', '-f', file], { height: 10 })
    expect(
      masked(await watch.shows(/q ends/))
        .split('\n')
        .slice(-4)
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "f4    ready  localhost:PPPPP  svc/web:80  web-xxxxx  0      0 AGE
      and 25 more lines: kpf ps has all

        q ends this; what runs goes on"
    `)
    await watch.press('q')
    await watch.ended()
    await terminal.press('q')
    await terminal.ended()
  })

  test('an edit is told in lines that fit, and a bad one with its place', async () => {
    const [port = 0] = await freePorts(1)
    await using terminal = await up(`forwards:\n  web: svc/web ${port}:80\n`)
    await terminal.shows(/ready in/)
    await writeFile(join(folders.at(-1) ?? '', 'forwards.yaml'), `name: shop\nforwards:\n  web: svc/web ${port}:80\n  bad: svc/web 1:2:3\n`)
    expect(masked(await terminal.shows(/not applied[^]*● web/)).replaceAll(/\b\d\d:\d\d:\d\d\b/g, 'HH:MM:SS')).toMatchInlineSnapshot(`
      "shop  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      ready in N s
      HH:MM:SS /tmp/kpf-xxxxxx/forwards.yaml not applied, still running the one
               of HH:MM:SS
               /tmp/kpf-xxxxxx/forwards.yaml:4:16 KPF_PORT "1:2:3" is not a
               port; write [LOCAL:]REMOTE, such as 8080:80

        ● web  localhost:PPPPP  svc/web:80  web-xxxxx  2.1.0  0 conn AGE

        not applied: /tmp/kpf-xxxxxx/forwards.yaml:4:16 "1:2:3" is not a port
        ready                                         r retry  l log  q quit  ? help"
    `)
    await terminal.press('q')
    await terminal.ended()
  })

  test('a busy port: who has it, what helps, and that it is taken over', async () => {
    const [port = 0, other = 0] = await freePorts(2)
    const [squatter] = await squatters(port)
    await using terminal = await up(`forwards:\n  web: svc/web ${port}:80\n  queue: svc/queue ${other}:7000\n`)
    expect(masked(await terminal.shows(/\(pid \d+\)[^]*1 of 2 ready/))).toMatchInlineSnapshot(`
      "shop  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml

        … web    localhost:PPPPP  svc/web:80      port in use AGE
            127.0.0.1:PPPPP is used by PROGRAM (pid N); taken over when it is free
            stop that program, or choose another localPort
        ● queue  localhost:PPPPP  svc/queue:7000  queue-xxxxx  7.2  0 conn AGE

        1 of 2 ready                                  r retry  l log  q quit  ? help"
    `)
    await terminal.resize(40, 24)
    // Where the reason is broken depends on the pid.
    expect(rowsOf(await terminal.shows(/^ {2}… web {4}:\d+ {2}port in use$/m))).toMatchInlineSnapshot(`
      "  … web    :PPPPP  port in use
        ● queue  :PPPPP  queue-xxxxx
        1 of 2 ready  r retry  l log  q quit"
    `)
    squatter?.close()
    expect(masked(await terminal.shows(/all 2 ready in/))).toMatchInlineSnapshot(`
      "all 2 ready in N s

        ● web    :PPPPP  web-xxxxx
        ● queue  :PPPPP  queue-xxxxx

        all 2 ready   r retry  l log  q quit"
    `)
    await terminal.press('C-c')
    await terminal.ended()
  })

  test('the API server is gone and comes back: said once for all, and over by itself', async () => {
    const [port = 0, other = 0] = await freePorts(2)
    await using terminal = await up(`forwards:\n  web: svc/web ${port}:80\n  queue: svc/queue ${other}:7000\n`)
    await terminal.shows(/all 2 ready in/)
    sandbox.killServer()
    const away = await terminal
      .shows(/web .* cluster away .*\n {2}… queue .* cluster away .*\n {6}cluster unreachable .*; next try in/)
      .catch((error: unknown) => String(error))
    // Whatever was shown: the tests that follow need the server.
    await sandbox.startServer()
    expect(masked(away)).toMatchInlineSnapshot(`
      "shop  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      all 2 ready in N s

        … web    localhost:PPPPP  svc/web:80      cluster away AGE
        … queue  localhost:PPPPP  svc/queue:7000  cluster away AGE
            cluster unreachable (ECONNREFUSED 127.0.0.1:PPPPP); next try in N s
            check that the cluster runs, and the network or VPN

        0 of 2 ready                                  r retry  l log  q quit  ? help"
    `)
    await terminal.press('r')
    expect(
      masked(await terminal.shows(/ {2}all 2 ready {2}/))
        .split('\n')
        .slice(-4)
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "  ● web    localhost:PPPPP  svc/web:80      web-xxxxx    2.1.0  0 conn AGE
        ● queue  localhost:PPPPP  svc/queue:7000  queue-xxxxx  7.2    0 conn AGE

        all 2 ready                                                 trying again now"
    `)
    await terminal.press('q')
    await terminal.ended()
  })

  test('40 forwards on 80x24: what is not ready first, the rest by j and k, the arrows and pages', async () => {
    const ports = await freePorts(40)
    const servers = await squatters(ports[11] ?? 0, ports[30] ?? 0)
    const lines = ports.map((port, index) => `  f${`${index}`.padStart(2, '0')}: svc/web ${port}:80\n`)
    await using terminal = await up(`forwards:\n${lines.join('')}`)
    const shown = await terminal.shows(/f11 .* port in use.*\n.*\(pid[^]*f30 .* port in use.*\n.*\(pid[^]*38 of 40 ready/)
    expect(shown.split('\n').length).toBeLessThanOrEqual(24)
    expect(masked(shown)).toMatchInlineSnapshot(`
      "
        … f11  localhost:PPPPP  svc/web:80  port in use AGE
            127.0.0.1:PPPPP is used by PROGRAM (pid N); taken over when it is free
            stop that program, or choose another localPort
        … f30  localhost:PPPPP  svc/web:80  port in use AGE
            127.0.0.1:PPPPP is used by PROGRAM (pid N); taken over when it is free
            stop that program, or choose another localPort
        ● f00  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f01  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f02  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f03  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f04  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f05  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f06  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f07  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f08  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f09  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f10  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f12  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f13  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        and 25 ready

        38 of 40 ready                    j/k scroll  r retry  l log  q quit  ? help"
    `)
    await terminal.press('j', 'j', 'Down')
    expect(
      masked(await terminal.shows(/^ {2}3 above, /m))
        .split('\n')
        .filter((_, index) => index < 3 || index > 18)
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "
        ● f01  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f02  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        ● f20  localhost:PPPPP  svc/web:80  web-xxxxx    2.1.0  0 conn AGE
        3 above, 18 below

        38 of 40 ready                    j/k scroll  r retry  l log  q quit  ? help"
    `)
    await terminal.press('PageDown')
    await terminal.shows(/^ {2}● f20 [^]*^ {2}21 above$/m)
    await terminal.press('PageUp')
    await terminal.shows(/^ {2}● f00 [^]*^ {2}2 above, 19 below$/m)
    await terminal.press('End')
    await terminal.shows(/● f39 .*\n {2}21 above$/m)
    await terminal.press('k', 'Up')
    await terminal.shows(/^ {2}19 above, 2 below$/m)
    await terminal.press('Home')
    await terminal.shows(/^ {2}… f11 [^]*^ {2}and 25 ready$/m)
    // Frames are drawn over each other: none is left behind for whoever scrolls back.
    expect((await terminal.history()).match(/40 ready/g) ?? []).toHaveLength(1)
    for (const server of servers) server.close()
    await terminal.press('q')
    expect(masked(await terminal.ended())).toMatchInlineSnapshot(`
      "shop stopped: 40 forwards, 0 connections served, N s
      [exit 0]"
    `)
  })

  test('Ctrl-C with a busy connection: how long it still has, and the second one ends it now', async () => {
    const [port = 0] = await freePorts(1)
    await using terminal = await up(`forwards:\n  queue: svc/queue ${port}:7000\n`)
    await terminal.shows(/ready in/)
    const client = connect(port, '127.0.0.1')
    client.on('error', () => {})
    client.write('x')
    await once(client, 'data')
    await terminal.shows(/1 conn/)
    await terminal.press('C-c')
    expect(masked(await terminal.shows(/stopping;/))).toMatchInlineSnapshot(`
      "shop  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      ready in N s

        ◌ queue  localhost:PPPPP  svc/queue:7000  draining AGE

        stopping; 1 busy connection, N s (Ctrl-C again: now)"
    `)
    await terminal.press('C-c')
    expect(masked(await terminal.ended())).toMatchInlineSnapshot(`
      "shop  sample/shop  /tmp/kpf-xxxxxx/forwards.yaml
      ready in N s
      shop stopped: 1 forward, 0 connections served, 1 reset at the end, N s
      [exit 130]"
    `)
    client.destroy()
  })

  test.each([
    // When the window is gone is a matter of microseconds.
    ['while a stop goes on', '', 4],
    ['of a run that writes into files', '> out 2> err', 1],
  ])('a window that is closed %s leaves no process behind', async (_when, redirection, rounds) => {
    const folder = await mkdtemp(join(tmpdir(), 'kpf-screen-'))
    folders.push(folder)
    const [port = 0] = await freePorts(1)
    await writeFile(join(folder, 'forwards.yaml'), `forwards:\n  web: svc/web ${port}:80\n`)
    for (let round = 0; round < rounds; round++) {
      const command = `cd ${folder}; echo $$ > pid; exec "$@" ${redirection}`
      const env = { HOME: dir, XDG_RUNTIME_DIR: '', KUBECONFIG: join(dir, 'kubeconfig') }
      const terminal = await TmuxTerminal.start(['sh', '-c', command, 'sh', process.execPath, program, 'up'], { env })
      await expect.poll(async () => `${await terminal.screen()}${await textOf(join(folder, 'err'))}`).toMatch(/ready/)
      const pid = Number(await textOf(join(folder, 'pid')))
      await terminal.press('q')
      await terminal[Symbol.asyncDispose]()
      try {
        await expect.poll(() => startOf(pid)).toBeUndefined()
      } finally {
        if ((await startOf(pid)) !== undefined) process.kill(pid)
      }
    }
  })

  test('colours are for those who want them, and say nothing that the signs do not', async () => {
    const [port = 0] = await freePorts(1)
    const text = `forwards:\n  web: svc/web ${port}:80\n`
    await using colored = await up(text)
    await colored.shows(/ready in/)
    expect(await colored.screen({ withColors: true })).toMatch(/\u001b\[32m●/)
    await colored.press('q')
    await colored.ended()
    await using plain = await up(text, { env: { NO_COLOR: '1', LANG: 'C' } })
    await plain.shows(/^ {2}\+ web/m)
    expect(await plain.screen({ withColors: true })).not.toContain('\u001b')
    await plain.press('q')
    await plain.ended()
  })
})
