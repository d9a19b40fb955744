/** Free ports: the same on every machine, in every run, and nobody else's. */
import { expect, test } from 'vitest'
import { assigned, type Chosen, nothingChosen } from '../../src/file/auto-ports.ts'
import type { Project } from '../../src/file/forward.ts'
import { loadBytes } from '../../src/file/load.ts'
import { problemsText } from '../../src/output/problem-text.ts'

function project(text: string): Project {
  const loaded = loadBytes('f.yaml', new TextEncoder().encode(text), { directory: '/home/dev/shop', flags: {} })
  if (loaded.kind === 'loaded') return loaded.project
  throw new Error(problemsText(loaded.problems, { isAll: true }))
}

interface Given {
  readonly remembered?: Chosen
  readonly live?: Chosen
  readonly busy?: readonly number[]
}

async function chosen(
  text: string,
  { remembered = nothingChosen, live = nothingChosen, busy = [] }: Given = {},
): Promise<{ ports: readonly number[]; remembered: Chosen; live: Chosen }> {
  const result = await assigned(project(text), { remembered, live, isFree: async (port) => !busy.includes(port) })
  return { ...result, ports: result.project.forwards.flatMap(({ ports }) => ports.map(({ localPort }) => localPort)) }
}

const TWO =
  'settings: { portRange: 20000-20003 }\nforwards:\n  a: svc/a :80\n  b: { target: svc/b, ports: [{ name: ui, localPort: auto, remotePort: http }, 20001] }\n'

test('a port that nobody chose is in the range, away from all others, and always the same', async () => {
  const first = await chosen(TWO)
  expect(new Set(first.ports).size).toBe(3)
  for (const port of first.ports) expect(port >= 20_000 && port <= 20_003).toBe(true)
  expect((await chosen(TWO)).ports).toEqual(first.ports)
  expect(Object.keys(first.remembered.ports)).toEqual(['a/80', 'b/ui'])
  const { ports } = await chosen('forwards: { a: svc/a :80 }')
  expect(ports[0]).toBeGreaterThanOrEqual(20_000)
})

test('what was remembered comes first, and is kept when it is taken for a while', async () => {
  const remembered = { ports: { 'a/80': 20_002 }, addresses: {} }
  expect((await chosen(TWO, { remembered })).ports[0]).toBe(20_002)
  const busy = await chosen(TWO, { remembered, busy: [20_002] })
  expect(busy.ports[0]).not.toBe(20_002)
  expect(busy.remembered.ports['a/80']).toBe(20_002)
})

test('a port of this run is our own: a reload does not move it, unless the file takes it by number', async () => {
  const live = { ports: { 'a/80': 20_002 }, addresses: {} }
  expect((await chosen(TWO, { live, busy: [20_002] })).ports[0]).toBe(20_002)
  expect((await chosen(TWO.replace('20001', '20002'), { live, busy: [20_002] })).ports[0]).not.toBe(20_002)
})

test('a port is asked for on all its addresses', async () => {
  const asked: string[] = []
  const isFree = async (port: number, addresses: readonly string[]): Promise<boolean> => asked.push(`${port} ${addresses.join(' ')}`) > 1
  const { project: result } = await assigned(project('settings: { portRange: 20000-20001 }\nforwards: { a: svc/a :80 }'), {
    remembered: nothingChosen,
    live: nothingChosen,
    isFree,
  })
  expect(asked.map((text) => text.slice(5))).toEqual([' 127.0.0.1 ::1', ' 127.0.0.1 ::1'])
  expect(`${result.forwards[0]?.ports[0]?.localPort}`).toBe(asked[1]?.slice(0, 5))
})

test('a full range leaves the choice to the system', async () => {
  expect((await chosen(TWO, { busy: [20_000, 20_002, 20_003] })).ports).toEqual([0, 0, 20_001])
})

test('an own address is of the loopback network, one for each forward, and remembered', async () => {
  const text = 'defaults: { addresses: [auto] }\nforwards: { a: svc/a 8080 8081, b: svc/b 8080 }'
  const first = await assigned(project(text), { remembered: nothingChosen, live: nothingChosen, isFree: async () => true })
  const hosts = first.project.forwards.map(({ ports }) => [...new Set(ports.flatMap(({ addresses }) => addresses.map(({ address }) => address)))])
  expect(hosts.map((all) => all.length)).toEqual([1, 1])
  expect(hosts[0]?.[0]).toMatch(/^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/)
  expect(hosts[0]).not.toEqual(hosts[1])
  const again = await assigned(project(text), { remembered: { ports: {}, addresses: { b: '127.9.9.9' } }, live: nothingChosen, isFree: async () => true })
  expect(again.project.forwards[1]?.ports[0]?.addresses).toEqual([{ address: '127.9.9.9', ifPresent: false }])
})

test('a project without open choices is left as it is', async () => {
  const given = project('forwards: { a: svc/a 8080 }')
  const result = await assigned(given, { remembered: nothingChosen, live: nothingChosen, isFree: async () => true })
  expect(result.project.forwards[0]).toBe(given.forwards[0])
})

test.each([
  ['8080-8082:80-82', ['8080:80', '8081:81', '8082:82']],
  ['8080-8081', ['8080:8080', '8081:8081']],
  [':80-81', ['0:80', '0:81']],
  ['auto:http', ['0:http']],
  ['127.0.0.2:8080-8081:80-81', ['8080:80', '8081:81']],
  ['auto:8080:80', ['8080:80']],
])('%s is %j, in a line and in a list', (text, expected) => {
  for (const file of [`forwards: { a: "svc/a ${text}" }`, `forwards: { a: { target: svc/a, ports: ["${text}"] } }`])
    expect(project(file).forwards[0]?.ports.map(({ localPort, remotePort }) => `${localPort}:${remotePort}`)).toEqual(expected)
})

test('a problem of a port behind a range is pointed at where it stands', () => {
  const loaded = loadBytes('f.yaml', new TextEncoder().encode('forwards: { a: { target: svc/a, ports: ["8080-8082:80-82", 8081] } }'), {
    directory: '/',
    flags: {},
  })
  expect(loaded.kind === 'rejected' && loaded.problems.map(({ column, code }) => `${column} ${code}`)).toEqual(['60 KPF_PORT_TAKEN'])
})
