/**
 * The verbs and their flags, once: parsing and help are made from this table.
 *
 * It imports nothing that costs time; a verb's code is read when the verb runs.
 */
import type { Context } from './context.ts'
import { controlVerbs, upFlags } from './control-verbs.ts'

/** What a word of the command line names; completion knows where such names are. */
export type Argument = 'forward' | 'profile' | 'context' | 'namespace' | 'target' | 'verb' | 'code' | 'file'

/** A flag: `--name VALUE` or a switch. */
export interface Flag {
  readonly name: string
  readonly short?: string
  /** What stands for the value in help; absent for a switch. */
  readonly value?: string
  readonly isRepeatable?: boolean
  readonly help: string
  /** Everything that the value may be. */
  readonly values?: readonly string[]
  /** What the value names. */
  readonly argument?: Argument
  /** What counts without it, as help says it. */
  readonly default?: string
}

/** One verb. */
export interface Verb {
  readonly name: string
  readonly usage: string
  readonly summary: string
  readonly flags: readonly Flag[]
  readonly examples: readonly string[]
  /** What its words name: each kind is offered. */
  readonly arguments?: readonly Argument[]
  /** Its words, when they are of a list. */
  readonly words?: readonly string[]
  /** The values of `-o`, the one that counts without it first. */
  readonly outputs?: readonly string[]
  /** The exit codes that are worth a line of its help. */
  readonly exits?: readonly number[]
  /** Verbs that are asked about next. */
  readonly related?: readonly string[]
  /** What stands after `--` is a command of its own. */
  readonly takesCommand?: boolean
  readonly run: (context: Context) => Promise<number>
}

/** Flags of every verb. Each has a variable of its own: `KPF_` and its name. */
export const globalFlags: readonly Flag[] = [
  {
    name: 'file',
    short: 'f',
    value: 'PATH',
    isRepeatable: true,
    help: 'the forwards file; - is standard input; several are merged',
    argument: 'file',
    default: 'forwards.yaml, here or above',
  },
  { name: 'profile', value: 'NAME', isRepeatable: true, help: 'start the forwards of this profile too; * is all', argument: 'profile' },
  { name: 'port-offset', value: 'N', help: 'add N to every local port, for a second copy beside the first', default: '0' },
  { name: 'env-file', value: 'PATH', isRepeatable: true, help: 'a file of variables, NAME=value lines', argument: 'file' },
  { name: 'kubeconfig', value: 'PATH', help: 'the kubeconfig to use', argument: 'file', default: '$KUBECONFIG, or ~/.kube/config' },
  { name: 'context', value: 'NAME', help: 'the context to use, for every forward', argument: 'context' },
  { name: 'namespace', short: 'n', value: 'NS', help: 'the namespace to use, for every forward', argument: 'namespace' },
  { name: 'project-name', short: 'p', value: 'NAME', help: 'the name of the project', default: 'what the file says' },
  { name: 'output', short: 'o', value: 'FORM', help: 'the form of the output' },
  { name: 'color', value: 'WHEN', help: 'colours: auto, always or never', values: ['auto', 'always', 'never'], default: 'auto' },
  { name: 'quiet', short: 'q', help: 'say only what is wrong' },
  { name: 'no-input', help: 'never ask' },
  { name: 'yes', short: 'y', help: 'answer yes' },
  { name: 'help', short: 'h', help: 'show help' },
  { name: 'version', short: 'V', help: 'show the version' },
]

/** All verbs, in the order of help. */
export const verbs: readonly Verb[] = [
  {
    name: 'up',
    usage: 'kpf up [NAME…] [-f FILE]',
    summary: 'start what the forwards file says, and keep it up',
    flags: upFlags,
    examples: ['kpf up', 'kpf up api db', 'kpf up -d', 'kpf up --wait --wait-timeout 2m', 'kpf up -o jsonl'],
    arguments: ['forward'],
    outputs: ['auto', 'plain', 'jsonl', 'quiet'],
    exits: [0, 1, 2, 3, 4, 6, 7, 9, 124, 130, 143],
    related: ['down', 'ps', 'wait', 'run'],
    run: async (context) => (await import('./up/up.ts')).up(context),
  },
  ...controlVerbs,
  {
    name: 'check',
    usage: 'kpf check [-f FILE] [--live]',
    summary: 'say what is wrong with the file, with places and fixes',
    flags: [
      {
        name: 'live',
        help: 'ask the clusters and this machine too, for 5 s at most: contexts, credentials, namespaces, targets, ports, permissions; the exit code is that of the first problem, and 3 when what the file names is not there',
      },
    ],
    examples: ['kpf check', 'kpf check --live', 'kpf check -o json', 'kpf check -o github'],
    outputs: ['text', 'json', 'github'],
    exits: [0, 2, 3, 4, 5, 6, 9],
    related: ['doctor', 'explain', 'schema'],
    run: async (context) => (await import('./file/check.ts')).check(context),
  },
  {
    name: 'config',
    usage: 'kpf config [-f FILE] [--explain PATH]',
    summary: 'print the files as one that says everything; secrets are not shown',
    flags: [
      { name: 'explain', value: 'PATH', help: 'say where the value at PATH comes from, such as forwards.api.namespace' },
      { name: 'variables', help: 'list the variables of the files, and where their values are from' },
      { name: 'exports', help: 'list what programs are told: hosts and ports of forwards, and exports of the files' },
      { name: 'profiles', help: 'list the profiles of the files' },
      { name: 'hash', help: 'list a digest of each forward: another one means that it changed' },
    ],
    examples: ['kpf config', 'kpf config --explain forwards.api', 'kpf config --variables'],
    outputs: ['yaml', 'json'],
    exits: [0, 2, 9],
    related: ['check', 'plan'],
    run: async (context) => (await import('./file/config.ts')).config(context),
  },
  {
    name: 'plan',
    usage: 'kpf plan [NAME…] [-f FILE]',
    summary: 'say what up would do with what runs, and why',
    flags: [{ name: 'exit-code', help: 'end with 10 when there is something to do' }],
    examples: ['kpf plan', 'kpf plan --exit-code -o json'],
    arguments: ['forward'],
    outputs: ['text', 'json'],
    exits: [0, 2, 7, 9, 10],
    related: ['up', 'reload'],
    run: async (context) => (await import('./file/plan.ts')).planVerb(context),
  },
  {
    name: 'init',
    usage: 'kpf init [-f FILE]',
    summary: 'write a first forwards file, from the services of the context in use',
    flags: [],
    examples: ['kpf init', 'kpf init -n shop -f -'],
    exits: [0, 1, 2],
    related: ['check', 'up'],
    run: async (context) => (await import('./file/init.ts')).init(context),
  },
  {
    name: 'trust',
    usage: 'kpf trust [-f FILE]',
    summary: 'approve what a file may not do unasked: open addresses, low ports, kubeconfigs',
    flags: [],
    examples: ['kpf trust', 'kpf trust --yes'],
    exits: [0, 1, 2, 9],
    related: ['check', 'up'],
    run: async (context) => (await import('./file/trust.ts')).trust(context),
  },
  {
    name: 'trace',
    usage: 'kpf trace NAME | [-n NS] POD | TYPE/NAME [PORT]',
    summary: 'follow one real connection step by step, and say where it breaks',
    flags: [
      { name: 'explain', help: 'explain each part of the flow' },
      { name: 'verbose', short: 'v', help: 'every fact of every step, and a link that draws the diagram' },
      { name: 'transport', value: 'KIND', help: 'the kind of tunnel', values: ['auto', 'websocket', 'spdy', 'channel'], default: 'auto' },
      { name: 'probe', value: 'KIND', help: 'what to say to the program: none, or http for one GET /', values: ['none', 'http'], default: 'none' },
      { name: 'repeat', value: 'N', help: 'do it N times, and tell how long it took' },
    ],
    examples: ['kpf trace api', 'kpf trace -n shop svc/web 80 --explain', 'kpf trace api -o mermaid > api.mmd', 'kpf trace api -o json'],
    arguments: ['forward', 'target'],
    outputs: ['text', 'json', 'mermaid'],
    exits: [0, 1, 2, 4, 5, 9],
    related: ['doctor', 'explain'],
    run: async (context) => (await import('./diagnose/trace.ts')).traceVerb(context),
  },
  {
    name: 'doctor',
    usage: 'kpf doctor [NAME… | TYPE/NAME [PORT…]]',
    summary: 'look at machine, file and cluster before anything is opened, with fixes',
    flags: [],
    examples: ['kpf doctor', 'kpf doctor api', 'kpf doctor -n shop svc/api 8080:80', 'kpf doctor -q', 'kpf doctor -o json'],
    arguments: ['forward', 'target'],
    outputs: ['text', 'json'],
    exits: [0, 1, 2, 4, 5, 6, 9],
    related: ['trace', 'rbac', 'explain'],
    run: async (context) => (await import('./diagnose/doctor.ts')).doctor(context),
  },
  {
    name: 'rbac',
    usage: 'kpf rbac [NAME… | TYPE/NAME]',
    summary: 'print the least Role that the forwards need, or check for it',
    flags: [
      { name: 'check', help: 'ask the API server, permission by permission; exit 4 if one is missing' },
      { name: 'for-user', value: 'NAME', help: 'whom the Role is bound to', default: 'who you are' },
      { name: 'for-group', value: 'NAME', help: 'bind it to a group' },
      { name: 'for-service-account', value: 'NS/NAME', help: 'bind it to a service account' },
    ],
    examples: ['kpf rbac > role.yaml', 'kpf rbac --for-user dev | kubectl apply -f -', 'kpf rbac -n shop svc/api -o json', 'kpf rbac --check'],
    arguments: ['forward', 'target'],
    outputs: ['yaml', 'json', 'text'],
    exits: [0, 2, 4, 9],
    related: ['doctor', 'trace'],
    run: async (context) => (await import('./diagnose/rbac.ts')).rbac(context),
  },
  {
    name: 'explain',
    usage: 'kpf explain [CODE]',
    summary: 'say what a code means, how to see it and how to fix it',
    flags: [],
    examples: ['kpf explain KPF_PORT_BUSY', 'kpf explain forbidden', 'kpf explain', 'kpf explain -o json'],
    arguments: ['code'],
    outputs: ['text', 'json', 'markdown'],
    exits: [0, 2],
    related: ['doctor', 'trace'],
    run: async (context) => (await import('./help/explain.ts')).explain(context),
  },
  {
    name: 'demo',
    usage: 'kpf demo [--tour]',
    summary: 'try kpf now, on a sample cluster in this process',
    flags: [{ name: 'tour', help: 'play a scripted tour and exit' }],
    examples: ['kpf demo', 'kpf demo --tour'],
    exits: [0],
    related: ['init', 'up'],
    run: async (context) => (await import('./demo/demo.ts')).demo(context),
  },
  {
    name: 'schema',
    usage: 'kpf schema',
    summary: 'print the JSON Schema of the file, or what it says for people',
    flags: [],
    examples: ['kpf schema > forwards.schema.json', 'kpf schema -o markdown'],
    outputs: ['json', 'markdown'],
    exits: [0, 2],
    related: ['check', 'init'],
    run: async (context) => (await import('./file/schema.ts')).schema(context),
  },
  {
    name: 'completion',
    usage: 'kpf completion bash|zsh|fish|powershell',
    summary: 'print what makes the Tab key of your shell know kpf',
    flags: [],
    examples: ['eval "$(kpf completion bash)"', 'source <(kpf completion zsh)', 'kpf completion fish | source'],
    words: ['bash', 'zsh', 'fish', 'powershell'],
    exits: [0, 2],
    related: ['help'],
    run: async (context) => (await import('./completion/completion.ts')).completion(context),
  },
  {
    name: 'version',
    usage: 'kpf version',
    summary: 'print the version',
    flags: [],
    examples: ['kpf version'],
    exits: [0],
    run: async (context) => {
      context.out(`kpf ${context.version}\n`)
      return 0
    },
  },
  {
    name: 'help',
    usage: 'kpf help [VERB]',
    summary: 'explain a verb',
    flags: [],
    examples: ['kpf help up'],
    arguments: ['verb'],
    outputs: ['text', 'markdown'],
    exits: [0, 2],
    run: async (context) => (await import('./help/help.ts')).help(context),
  },
]

/** The ad-hoc form, which has no name: kubectl's own argument line. */
export const adHoc: Verb = {
  name: '',
  usage: 'kpf [-n NS] (POD | TYPE/NAME) [LOCAL:]REMOTE…',
  summary: "one forward, in kubectl's grammar",
  flags: [
    { name: 'address', value: 'A', help: 'addresses to listen on, comma separated', default: 'localhost' },
    { name: 'pod-running-timeout', value: 'TIME', help: 'how long to wait for a running pod', default: '1m0s' },
    { name: 'save', help: 'once it is ready add it to the forwards file, as a line under its name' },
  ],
  examples: ['kpf svc/api 8080:80', 'kpf -n shop deploy/web 3000 9229', 'kpf pod/db-0 :5432', 'kpf svc/api 8080:80 --save'],
  arguments: ['target'],
  exits: [0, 1, 2, 4, 5, 6, 130, 143],
  related: ['init', 'up', 'trace'],
  run: async (context) => (await import('./ad-hoc/ad-hoc.ts')).runAdHoc(context),
}

/** Words of later versions: known, and refused by name. */
export const plannedVerbs: readonly string[] = ['discover', 'import', 'export']

/** Flags of later versions. */
export const plannedFlags: readonly string[] = []
