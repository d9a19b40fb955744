/**
 * The verbs that talk to a running project; a part of the table in `verbs.ts`.
 *
 * What scripts ask in a loop is read with the table: a file of its own costs each answer
 * half a millisecond.
 */
import { env } from './ask/env.ts'
import { port, url } from './ask/port.ts'
import { ps } from './ask/ps.ts'
import type { Flag, Verb } from './verbs.ts'

const follow: Flag = { name: 'follow', short: 'f', help: 'go on with what comes; before the verb -f is the file' }
const since: Flag = { name: 'since', value: 'TIME', help: 'from that time on: 10m, 10:41 or 2026-01-01T10:00:00Z' }

/** What `kpf up` takes. */
export const upFlags: readonly Flag[] = [
  { name: 'detach', short: 'd', help: 'run in the background; ends when all local ports are bound' },
  { name: 'wait', help: 'the same, and waits until all are ready; ends at once when one failed' },
  { name: 'wait-timeout', value: 'TIME', help: 'how long --wait waits, then exit 124', default: '60s' },
  { name: 'verbose', short: 'v', help: 'tell each connection too' },
  { name: 'no-watch', help: 'do not apply edits of the file' },
  { name: 'no-deps', help: 'start the forwards named without those that they depend on' },
  { name: 'keep-orphans', help: 'go on with forwards that run and are no more in the file' },
  { name: 'dry-run', help: 'only say what would be done, as kpf plan does' },
  { name: 'ttl', value: 'TIME', help: 'stop after that time, such as 90s or 8h' },
  { name: 'abort-on-failure', help: 'stop when a forward fails, with the code of its failure' },
  { name: 'ready-fd', value: 'N', help: 'write a line to that descriptor when all are ready, and close it' },
  { name: 'ports-file', value: 'PATH', help: 'write there, as JSON, where the forwards listen' },
]

/** What bounds a run, in the foreground or beside a command. */
const waitTimeout: Flag = { name: 'wait-timeout', value: 'TIME', help: 'how long to wait for readiness', default: '60s' }

/** In the order of help. */
export const controlVerbs: readonly Verb[] = [
  {
    name: 'run',
    usage: 'kpf run [NAME…] -- COMMAND [ARG…]',
    summary: 'run a command while the forwards are ready, and end with its code',
    takesCommand: true,
    flags: [waitTimeout],
    examples: ['kpf run -- npm test', "kpf run db -- sh -c 'psql -h $DB_HOST -p $DB_PORT'"],
    arguments: ['forward'],
    exits: [2, 125, 126, 127, 130, 143],
    related: ['up', 'env', 'wait'],
    run: async (context) => (await import('./up/run-command.ts')).run(context),
  },
  {
    name: 'ps',
    usage: 'kpf ps [NAME…]',
    summary: 'what runs, and how it is',
    flags: [
      { name: 'all', short: 'a', help: 'with the stopped ones' },
      { name: 'connections', help: 'count connections by kind' },
      { name: 'watch', short: 'w', help: 'draw again whenever something happens' },
    ],
    outputs: ['text', 'wide', 'json', 'yaml', 'name'],
    examples: ['kpf ps', 'kpf ps -o wide', 'kpf ps -o json', 'kpf ps --all --connections', 'kpf ps --watch'],
    arguments: ['forward'],
    exits: [0, 2, 7, 8],
    related: ['logs', 'events', 'trace'],
    run: ps,
  },
  {
    name: 'down',
    usage: 'kpf down [NAME…]',
    summary: 'end the project, or some of its forwards; nothing to end is 0 too',
    flags: [
      { name: 'timeout', short: 't', value: 'TIME', help: 'how long busy connections may take', default: '10s' },
      { name: 'now', help: 'reset them at once' },
    ],
    examples: ['kpf down', 'kpf down api', 'kpf down --now', 'kpf down -t 1m'],
    arguments: ['forward'],
    exits: [0, 2, 7],
    related: ['stop', 'up'],
    run: async (context) => (await import('./ask/down.ts')).down(context),
  },
  {
    name: 'ls',
    usage: 'kpf ls',
    summary: 'the projects that run on this machine',
    flags: [],
    outputs: ['text', 'json', 'name'],
    examples: ['kpf ls', 'kpf ls -o json'],
    exits: [0, 2],
    related: ['ps', 'down'],
    run: async (context) => (await import('./ask/ls.ts')).ls(context),
  },
  {
    name: 'wait',
    usage: 'kpf wait [NAME…]',
    summary: 'wait until forwards are ready; ends at once when one failed',
    flags: [
      { name: 'for', value: 'STATE', help: 'what to wait for', values: ['ready', 'stopped'], default: 'ready' },
      { name: 'timeout', short: 't', value: 'TIME', help: 'how long to wait, then exit 124', default: '60s' },
    ],
    examples: ['kpf wait', 'kpf wait api db --timeout 2m', 'kpf wait --for stopped'],
    arguments: ['forward'],
    exits: [0, 2, 3, 4, 6, 7, 8, 124],
    related: ['up', 'ps'],
    run: async (context) => (await import('./ask/wait.ts')).wait(context),
  },
  {
    name: 'logs',
    usage: 'kpf logs [-f] [NAME…]',
    summary: 'what was said of the forwards',
    flags: [
      follow,
      since,
      { name: 'tail', value: 'N', help: 'the last N lines', default: 'all' },
      { name: 'level', value: 'LEVEL', help: 'that level and worse', values: ['info', 'warning', 'error'], default: 'info' },
    ],
    outputs: ['text', 'json'],
    examples: ['kpf logs', 'kpf logs -f api', 'kpf logs --since 10m --level warning', 'kpf logs --tail 20 -o json'],
    arguments: ['forward'],
    exits: [0, 1, 2, 7, 8],
    related: ['events', 'ps'],
    run: async (context) => (await import('./ask/logs.ts')).logs(context),
  },
  {
    name: 'events',
    usage: 'kpf events [-f]',
    summary: 'everything that happened, as JSON lines without a gap',
    flags: [follow, since],
    examples: ['kpf events', 'kpf events -f --since 10m'],
    exits: [0, 1, 2, 7, 8],
    related: ['logs', 'ps'],
    run: async (context) => (await import('./ask/events.ts')).events(context),
  },
  {
    name: 'start',
    usage: 'kpf start [NAME…]',
    summary: 'start what was stopped, or is not enabled; the file is untouched',
    flags: [],
    examples: ['kpf start', 'kpf start debug'],
    arguments: ['forward'],
    exits: [0, 2, 7, 8],
    related: ['stop', 'restart'],
    run: async (context) => (await import('./ask/start-stop.ts')).act(context, 'start'),
  },
  {
    name: 'stop',
    usage: 'kpf stop [NAME…]',
    summary: 'stop forwards until they are started; the file is untouched',
    flags: [],
    examples: ['kpf stop api', 'kpf stop'],
    arguments: ['forward'],
    exits: [0, 2, 7, 8],
    related: ['start', 'down'],
    run: async (context) => (await import('./ask/start-stop.ts')).act(context, 'stop'),
  },
  {
    name: 'restart',
    usage: 'kpf restart [NAME…]',
    summary: 'begin forwards anew; their ports stay bound',
    flags: [],
    examples: ['kpf restart api', 'kpf restart'],
    arguments: ['forward'],
    exits: [0, 2, 7, 8],
    related: ['start', 'reload'],
    run: async (context) => (await import('./ask/start-stop.ts')).act(context, 'restart'),
  },
  {
    name: 'reload',
    usage: 'kpf reload',
    summary: 'apply the file now',
    flags: [],
    examples: ['kpf reload'],
    exits: [0, 2, 7, 8, 9],
    related: ['check', 'plan'],
    run: async (context) => (await import('./ask/start-stop.ts')).reload(context),
  },
  {
    name: 'port',
    usage: 'kpf port NAME [PORT]',
    summary: 'print where a forward listens: 127.0.0.1:5432',
    flags: [],
    examples: ['kpf port db', 'kpf port api metrics'],
    arguments: ['forward'],
    exits: [0, 2, 3, 7, 8],
    related: ['url', 'env'],
    run: port,
  },
  {
    name: 'url',
    usage: 'kpf url NAME [PORT]',
    summary: 'print the URL of a forward',
    flags: [],
    examples: ['curl "$(kpf url web)"'],
    arguments: ['forward'],
    exits: [0, 2, 3, 7, 8],
    related: ['port', 'open'],
    run: url,
  },
  {
    name: 'open',
    usage: 'kpf open NAME [PORT]',
    summary: 'open the page of a forward in the browser; print it where there is none',
    flags: [],
    examples: ['kpf open web', 'BROWSER=firefox kpf open web'],
    arguments: ['forward'],
    exits: [0, 1, 2, 3, 7, 8],
    related: ['url', 'port'],
    run: async (context) => (await import('./ask/open.ts')).open(context),
  },
  {
    name: 'env',
    usage: 'kpf env',
    summary: 'print variables: DB_HOST and DB_PORT of each forward, exports of the file',
    flags: [],
    outputs: ['shell', 'fish', 'powershell', 'dotenv', 'json', 'github'],
    examples: ['eval "$(kpf env)"', 'kpf env -o fish | source', 'kpf env -o dotenv > .env.kpf', 'kpf env -o github >> "$GITHUB_ENV"'],
    exits: [0, 2, 7, 8],
    related: ['run', 'port'],
    run: env,
  },
]
