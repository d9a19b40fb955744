/**
 * What every verb is held to: each form of its output and each of its exit codes, with
 * the words that reach it. `verbs.test.ts` runs them; `test/meta/verbs.test.ts` holds that
 * nothing of the verb table is missing here.
 */

/**
 * Where a verb is run: the folders that `verbs.test.ts` makes. `own` is made for each run,
 * `lost` and `barred` are `failing` and `locked` before anything runs.
 */
export type World =
  | 'running'
  | 'idle'
  | 'broken'
  | 'risky'
  | 'silent'
  | 'failing'
  | 'locked'
  | 'away'
  | 'busy'
  | 'spoilt'
  | 'turned'
  | 'own'
  | 'lost'
  | 'barred'

/** The words after `kpf`, in a world; `NAME=value` in front are variables. */
export type Words = readonly [World, ...string[]]

/** A test of its own: the file in test/scenario, and its title. */
export interface Elsewhere {
  readonly file: string
  readonly title: string
}

/** What the output must look like: a text, or JSON that fits a schema of schema/. */
export interface Form {
  readonly words: Words
  readonly looks: RegExp | 'json' | 'jsonl' | `${string}.schema.json`
}

export interface VerbCells {
  /** By the value of `-o`; `text` where there is only one form, `none` where stdout is the person's own. */
  readonly forms: Readonly<Record<string, Form | Elsewhere>>
  readonly exits: Readonly<Record<number, Words | Elsewhere>>
  /** Flags that stand in none of these. */
  readonly more?: readonly Form[]
}

const at = (looks: Form['looks'], ...words: Words): Form => ({ words, looks })
const elsewhere = (file: string, title: string): Elsewhere => ({ file, title })

/** Of verbs that ask a supervisor. */
const asking = (...words: readonly string[]): Readonly<Record<7 | 8, Words>> => ({ 7: ['silent', ...words], 8: ['idle', ...words] })
const killedWhileRead = 'whoever follows a supervisor that is killed is told, with 1'
const silent = 'a second signal forces the end, with its code'

export const verbTable: Readonly<Record<string, VerbCells>> = {
  up: {
    more: [at(/^$/, 'own', 'up', '--wait', '--wait-timeout', '30s'), at(/^$/, 'own', 'up', '--ttl', '300ms', '-v')],
    forms: {
      auto: at(/^$/, 'own', 'up', '--ttl', '300ms'),
      plain: at(/^$/, 'own', 'up', '--ttl', '300ms', '-o', 'plain'),
      jsonl: at('event.schema.json', 'own', 'up', '--ttl', '300ms', '-o', 'jsonl'),
      quiet: at(/^$/, 'own', 'up', '--ttl', '300ms', '-o', 'quiet'),
    },
    exits: {
      0: ['own', 'up', '--ttl', '100ms'],
      1: elsewhere('background.test.ts', 'a file of ports that cannot be written is told by who started the run, which goes on, and is no success'),
      2: ['broken', 'up'],
      3: ['failing', 'up', '--wait'],
      4: ['locked', 'up', '--wait'],
      6: ['busy', 'up', '--wait'],
      7: ['silent', 'up'],
      9: ['risky', 'up'],
      124: ['own', 'up', '--wait', '--wait-timeout', '300ms', '-n', 'nowhere'],
      130: elsewhere('signals.test.ts', silent),
      143: elsewhere('signals.test.ts', silent),
    },
  },
  run: {
    more: [at(/^own\n$/, 'own', 'run', '--wait-timeout', '30s', '--', 'echo', 'own')],
    forms: { none: at(/^own\n$/, 'own', 'run', '--', 'echo', 'own') },
    exits: {
      2: ['own', 'run'],
      125: ['lost', 'run', '--', 'true'],
      126: ['own', 'run', '--', '/etc/passwd'],
      127: ['own', 'run', '--', './nothing'],
      130: ['own', 'run', '--', 'sh', '-c', 'kill -INT $$'],
      143: ['own', 'run', '--', 'sh', '-c', 'kill -TERM $$'],
    },
  },
  ps: {
    forms: {
      text: at(/^NAME +STATE +LOCAL .*\nweb +ready /, 'running', 'ps'),
      wide: at(/CONTEXT +NAMESPACE +IMAGE +REASON\nweb .* sample +shop +/, 'running', 'ps', '-o', 'wide'),
      json: at('status.schema.json', 'running', 'ps', '-o', 'json', '--all'),
      yaml: at(/^v: 1\n[^]*\nforwards:\n {2}- name: web\n/, 'running', 'ps', '-o', 'yaml'),
      name: at(/^web\n$/, 'running', 'ps', '-o', 'name'),
    },
    exits: { 0: ['running', 'ps', '--connections'], 2: ['running', 'ps', '-o', 'xml'], ...asking('ps') },
  },
  down: {
    forms: { text: at(/^$/, 'idle', 'down') },
    exits: { 0: ['idle', 'down', '--now'], 2: ['idle', 'down', '-t', 'soon'], 7: ['silent', 'down'] },
  },
  ls: {
    forms: {
      text: at(/^PROJECT +READY +PID +MODE +AGE +FILES\nshop +1\/1 /, 'running', 'ls'),
      json: at('status.schema.json', 'running', 'ls', '-o', 'json'),
      name: at(/^shop\n$/, 'running', 'ls', '-o', 'name'),
    },
    exits: { 0: ['idle', 'ls'], 2: ['idle', 'ls', '-o', 'xml'] },
  },
  wait: {
    forms: { text: at(/^$/, 'running', 'wait') },
    exits: {
      0: ['running', 'wait', 'web'],
      2: ['running', 'wait', '--for', 'happy'],
      3: ['failing', 'wait'],
      4: ['locked', 'wait'],
      6: ['busy', 'wait'],
      ...asking('wait'),
      124: ['running', 'wait', 'web', '--for', 'stopped', '--timeout', '50ms'],
    },
  },
  logs: {
    more: [at(/ready/, 'running', 'logs', '--since', '10m')],
    forms: {
      text: at(/^\d\d:\d\d:\d\d web: ready on /, 'running', 'logs'),
      json: at('jsonl', 'running', 'logs', '-o', 'json'),
    },
    exits: {
      0: ['running', 'logs', '--level', 'error'],
      1: elsewhere('killed.test.ts', killedWhileRead),
      2: ['running', 'logs', '--tail', 'x'],
      ...asking('logs'),
    },
  },
  events: {
    forms: { text: at('event.schema.json', 'running', 'events') },
    exits: {
      0: ['running', 'events', '--since', '10m'],
      1: elsewhere('killed.test.ts', killedWhileRead),
      2: ['running', 'events', '--since', 'x'],
      ...asking('events'),
    },
  },
  start: {
    forms: { text: at(/^$/, 'running', 'start') },
    exits: { 0: ['running', 'start'], 2: ['running', 'start', 'nobody'], ...asking('start') },
  },
  stop: {
    forms: { text: at(/^$/, 'running', 'stop', 'spare') },
    exits: { 0: ['running', 'stop', 'spare'], 2: ['running', 'stop', 'nobody'], ...asking('stop') },
  },
  restart: {
    forms: { text: at(/^$/, 'spoilt', 'restart', 'web') },
    exits: { 0: ['spoilt', 'restart'], 2: ['running', 'restart', 'nobody'], ...asking('restart') },
  },
  reload: {
    forms: { text: at(/^$/, 'running', 'reload') },
    exits: { 0: ['running', 'reload'], 2: ['spoilt', 'reload'], ...asking('reload'), 9: ['turned', 'reload'] },
  },
  port: {
    forms: { text: at(/^127\.0\.0\.1:\d+\n$/, 'running', 'port', 'web') },
    exits: { 0: ['running', 'port', 'web', '80'], 2: ['running', 'port', 'nobody'], 3: ['running', 'port', 'spare'], ...asking('port', 'web') },
  },
  url: {
    forms: { text: at(/^http:\/\/localhost:\d+\n$/, 'running', 'url', 'web') },
    exits: { 0: ['running', 'url', 'web'], 2: ['running', 'url'], 3: ['running', 'url', 'spare'], ...asking('url', 'web') },
  },
  open: {
    forms: { text: at(/^$/, 'running', 'BROWSER=true', 'open', 'web') },
    exits: {
      0: ['running', 'BROWSER=true', 'open', 'web'],
      1: ['running', 'BROWSER=/nowhere', 'open', 'web'],
      2: ['running', 'open'],
      3: ['running', 'open', 'spare'],
      ...asking('open', 'web'),
    },
  },
  env: {
    forms: {
      shell: at(/^export WEB_HOST='127\.0\.0\.1'\nexport WEB_PORT='\d+'\n/, 'running', 'env'),
      fish: at(/^set -gx WEB_HOST '/, 'running', 'env', '-o', 'fish'),
      powershell: at(/^\$Env:WEB_HOST = '/, 'running', 'env', '-o', 'powershell'),
      dotenv: at(/^WEB_HOST=127/, 'running', 'env', '-o', 'dotenv'),
      json: at('json', 'running', 'env', '-o', 'json'),
      github: at(/^WEB_HOST=127/, 'running', 'env', '-o', 'github'),
    },
    exits: { 0: ['running', 'env'], 2: ['running', 'env', '-o', 'csh'], ...asking('env') },
  },
  check: {
    more: [at(/no problems\n$/, 'idle', 'check', '--port-offset', '10'), at(/no problems\n$/, 'idle', 'check', '--color', 'never', '--no-input')],
    forms: {
      text: at(/1 forward, no problems\n$/, 'idle', 'check'),
      json: at('json', 'broken', 'check', '-o', 'json'),
      github: at(/^::error file=forwards\.yaml,line=\d+/, 'broken', 'check', '-o', 'github'),
    },
    exits: {
      0: ['idle', 'check', '--live'],
      2: ['broken', 'check'],
      3: ['lost', 'check', '--live'],
      4: ['barred', 'check', '--live'],
      5: ['away', 'check', '--live'],
      6: ['busy', 'check', '--live'],
      9: ['risky', 'check'],
    },
  },
  config: {
    more: [
      ...['--variables', '--exports', '--profiles', '--hash'].map((list) => at('config.schema.json', 'running', 'config', list, '-o', 'json')),
      at('config.schema.json', 'running', 'config', '--explain', 'forwards.web', '-o', 'json'),
      at(/^v: 1\nhashes:\n {2}web: [0-9a-f]{64}\n/, 'running', 'config', '--hash', '-o', 'yaml'),
      at(/^web [0-9a-f]{64}\n/, 'running', 'config', '--hash'),
      at(/^forwards\.web: svc\/web \d+:80\n/, 'running', 'config', '--explain', 'forwards.web'),
    ],
    forms: { yaml: at(/^apiVersion: kpf\/v1\nname: shop\n/, 'idle', 'config'), json: at('json', 'idle', 'config', '-o', 'json') },
    exits: { 0: ['idle', 'config', '--hash'], 2: ['broken', 'config'], 9: ['risky', 'config'] },
  },
  plan: {
    forms: { text: at(/^\+ web /, 'idle', 'plan'), json: at('json', 'idle', 'plan', '-o', 'json') },
    exits: { 0: ['idle', 'plan'], 2: ['broken', 'plan'], 7: ['silent', 'plan'], 9: ['risky', 'plan'], 10: ['idle', 'plan', '--exit-code'] },
  },
  init: {
    forms: { text: at(/^[^]*\nforwards:/, 'idle', 'init', '-f', '-') },
    exits: { 0: ['idle', 'init', '-f', '-'], 1: ['idle', 'init', '-f', 'none/there.yaml'], 2: ['idle', 'init'] },
  },
  trust: {
    forms: { text: at(/nothing in it needs approval\n$/, 'idle', 'trust') },
    exits: { 0: ['idle', 'trust'], 1: ['risky', 'XDG_STATE_HOME=/dev/null', 'trust', '--yes'], 2: ['broken', 'trust'], 9: ['risky', 'trust'] },
  },
  trace: {
    more: [at(/web/, 'idle', 'trace', 'web', '--explain'), at(/https:\/\/mermaid\.live/, 'idle', 'trace', 'web', '-v')],
    forms: {
      text: at(/web/, 'idle', 'trace', 'web'),
      json: at('trace.schema.json', 'idle', 'trace', 'web', '-o', 'json'),
      mermaid: at(/^sequenceDiagram\n/, 'idle', 'trace', 'web', '-o', 'mermaid'),
    },
    exits: {
      0: ['idle', 'trace', 'web'],
      1: ['lost', 'trace', 'web'],
      2: ['broken', 'trace', 'web'],
      4: ['barred', 'trace', 'web'],
      5: ['away', 'trace', 'web'],
      9: ['risky', 'trace', 'web'],
    },
  },
  doctor: {
    forms: { text: at(/web/, 'idle', 'doctor', 'web'), json: at('doctor.schema.json', 'idle', 'doctor', '-o', 'json') },
    exits: {
      0: ['idle', 'doctor'],
      1: ['lost', 'doctor'],
      2: ['broken', 'doctor'],
      4: ['barred', 'doctor'],
      5: ['away', 'doctor'],
      6: ['busy', 'doctor'],
      9: ['risky', 'doctor'],
    },
  },
  rbac: {
    more: [at(/pods\/portforward/, 'idle', 'rbac', '--check'), at(/kind: Group\n/, 'idle', 'rbac', '--for-group', 'dev')],
    forms: {
      yaml: at(/^[^]*kind: Role\n/, 'idle', 'rbac'),
      json: at('json', 'idle', 'rbac', '-o', 'json'),
      text: at(/pods\/portforward/, 'idle', 'rbac', '--check', '-o', 'text'),
    },
    exits: {
      0: ['idle', 'rbac'],
      2: ['broken', 'rbac'],
      4: elsewhere('rbac.test.ts', 'a check says yes and no, and ends with 4 when something is missing'),
      9: ['risky', 'rbac'],
    },
  },
  explain: {
    forms: {
      text: at(/KPF_PORT_BUSY/, 'idle', 'explain', 'KPF_PORT_BUSY'),
      json: at('json', 'idle', 'explain', '-o', 'json'),
      markdown: at(/^# /, 'idle', 'explain', '-o', 'markdown'),
    },
    exits: { 0: ['idle', 'explain'], 2: ['idle', 'explain', 'KPF_NOBODY'] },
  },
  demo: {
    forms: { text: elsewhere('demo.test.ts', 'the tour ends well and says what it saw') },
    exits: { 0: elsewhere('demo.test.ts', 'the tour ends well and says what it saw') },
  },
  schema: {
    forms: { json: at('json', 'idle', 'schema'), markdown: at(/^# /, 'idle', 'schema', '-o', 'markdown') },
    exits: { 0: ['idle', 'schema'], 2: ['idle', 'schema', '-o', 'xml'] },
  },
  completion: {
    forms: { text: at(/complete/, 'idle', 'completion', 'bash') },
    exits: { 0: ['idle', 'completion', 'zsh'], 2: ['idle', 'completion', 'csh'] },
  },
  version: { forms: { text: at(/^kpf \d+\.\d+\.\d+\n$/, 'idle', 'version') }, exits: { 0: ['idle', 'version'] } },
  help: {
    forms: { text: at(/^kpf up /, 'idle', 'help', 'up'), markdown: at(/^# /, 'idle', 'help', '-o', 'markdown') },
    exits: { 0: ['idle', 'help'], 2: ['idle', 'help', 'nobody'] },
  },
  '': {
    more: [at(/^$/, 'idle', 'svc/nothing', ':80', '--address', '127.0.0.1', '--pod-running-timeout', '1s')],
    forms: { text: elsewhere('save.test.ts', 'it makes the file, forwards as ever, and up takes it from there') },
    exits: {
      0: elsewhere('save.test.ts', 'it makes the file, forwards as ever, and up takes it from there'),
      1: ['idle', 'svc/nothing', ':80'],
      2: ['idle', 'svc/web', '99999:80'],
      4: ['locked', 'svc/web', ':80'],
      5: ['away', 'svc/web', ':80'],
      6: ['busy', 'svc/web', 'BUSYPORT:80'],
      130: elsewhere('signals.test.ts', silent),
      143: elsewhere('signals.test.ts', silent),
    },
  },
}
