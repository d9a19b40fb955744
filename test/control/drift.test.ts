/** What differs, and how it is said. */
import { expect, test } from 'vitest'
import { type DriftFacts, driftOf } from '../../src/control/drift.ts'
import { driftLines } from '../../src/output/ps-table.ts'
import { socketsIn } from '../../src/system/listening.ts'

const none: DriftFacts = {
  changedFiles: [],
  problems: [],
  appliedMsAgo: 125_000,
  isWatching: true,
  newerKubeconfigs: [],
  program: 'same',
  bound: [],
  sockets: [],
}
const problem = { file: 'forwards.yaml', line: 3, column: 5, code: 'KPF_UNKNOWN_KEY', message: 'unknown key "prots"', fix: 'did you mean "ports"?' }
const web = [{ forward: 'web', listener: '127.0.0.1:3000' }]
const own = { address: '127.0.0.1', port: 3000, isOwn: true }

test.each<[string, Partial<DriftFacts>, readonly string[]]>([
  ['nothing', {}, []],
  ['a file that was put back', { problems: [problem] }, []],
  [
    'an edit that nobody watches',
    { changedFiles: ['/w/forwards.yaml'], isWatching: false },
    ['newer than what runs (applied 2 min ago): /w/forwards.yaml', '    edits are not watched: kpf reload'],
  ],
  [
    'an edit that was refused',
    { changedFiles: ['/w/forwards.yaml'], problems: [problem, problem] },
    ['the file is newer than what runs (applied 2 min ago), and not applied: forwards.yaml:3:5 unknown key "prots" (and 1 more)', '    all of it: kpf check'],
  ],
  [
    'a kubeconfig',
    { newerKubeconfigs: ['/h/config'] },
    ['/h/config is newer than the connections that were made with it', '    to read it again: kpf down, then kpf up'],
  ],
  ['a newer kpf', { program: 'newer' }, ['kpf on this machine is newer than the one that runs', '    to start it anew: kpf down, then kpf up']],
  ['a kpf that is gone', { program: 'gone' }, ['the kpf that runs is no more on this machine', '    to start it anew: kpf down, then kpf up']],
  ['a listener as it should be', { bound: web, sockets: [own] }, []],
  ['a machine that does not tell', { bound: web, sockets: undefined }, []],
  ['a listener that is gone', { bound: web, sockets: [] }, ['web: 127.0.0.1:3000: nothing listens there any more', '    to bind it again: kpf restart web']],
  [
    'a listener of somebody else',
    { bound: web, sockets: [{ ...own, isOwn: false, holder: 'nginx (pid 7)' }] },
    ['web: 127.0.0.1:3000: it is nginx (pid 7) that listens there', '    to bind it again: kpf restart web'],
  ],
  [
    'a stranger on ::1',
    { bound: web, sockets: [own, { address: '::1', port: 3000, isOwn: false }] },
    ['web: localhost:3000 may lead to another program, which has port 3000 of ::1', '    write 127.0.0.1:3000, or end that program'],
  ],
  ['both loopbacks are ours', { bound: [...web, { forward: 'web', listener: '[::1]:3000' }], sockets: [own, { address: '::1', port: 3000, isOwn: true }] }, []],
])('%s', (_what, facts, lines) => {
  expect(driftLines(driftOf({ ...none, ...facts }))).toEqual(lines.length === 0 ? [] : ['', ...lines])
})

test('the tables of Linux are read: addresses stand word by word, the last byte first', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0BB9 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1
   3: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4714 1
`
  expect(socketsIn(table)).toEqual([
    { address: '127.0.0.1', port: 3000, inode: '4711' },
    { address: '::1', port: 8080, inode: '4713' },
    { address: '::', port: 8081, inode: '4714' },
  ])
})

test.each([
  [-1, '0 s ago'],
  [59_999, '59 s ago'],
  [60_000, '1 min ago'],
  [3_600_000, '1 h ago'],
  [86_400_000, '1 day ago'],
  [180_000_000, '2 days ago'],
])('%d ms back are %s', (appliedMsAgo, text) => {
  expect(driftOf({ ...none, changedFiles: ['f'], appliedMsAgo }).map(({ message }) => message)).toEqual([`newer than what runs (applied ${text}): f`])
})
