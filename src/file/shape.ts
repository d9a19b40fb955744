/**
 * The language of the file, as zod schemas: every field once, with its meaning.
 *
 * Pure. The JSON Schema of editors is generated from these same objects. Unions are
 * branched by hand before a schema is asked (`shape-check.ts`): zod says of a union only
 * that nothing fits.
 *
 * What only the long forms need is made when it is first asked for: a file of short forms
 * starts 4 ms sooner. `zod/mini` is the same library without the methods of each schema,
 * which cost another 6; it has no words of its own, so each check brings them.
 */
import * as z from 'zod/mini'
import { limits } from './limits.ts'
import {
  between,
  count,
  duration,
  identity,
  label,
  list,
  meanings,
  once,
  optional,
  pattern,
  PORT_RANGE,
  portNumber,
  remotePort,
  shortLabel,
  someTime,
  text,
  variableName,
} from './scalars.ts'

export const addresses = once(() =>
  list(z.string().check(z.minLength(1, 'Too small: expected string to have >=1 characters')), limits.addresses, ['address', 'addresses']).register(meanings, {
    description: 'Local addresses to bind: an IP, `localhost` for 127.0.0.1 and ::1, or `auto` for an own 127.x.y.z.',
    examples: [['localhost'], ['127.0.0.1']],
  }),
)

export const port = once(() =>
  z
    .strictObject({
      name: optional(shortLabel(), 'A name for this port, for output.'),
      localPort: optional(
        z.union([portNumber(), z.literal('auto')]),
        'The port on this machine; `auto` is a free one that stays the same. Without it the remote number.',
      ),
      remotePort: optional(remotePort(), 'Port of the target: on a Service its own port, translated to the pod; else the container port. A number or a name.'),
      containerPort: optional(remotePort(), "The pod's own port: a Service's translation is skipped."),
      appProtocol: optional(text, 'What is spoken, for links: `http`, `https`, `postgres`.'),
      addresses: z.optional(addresses()),
      primary: optional(z.boolean(), 'The port meant when none is named.'),
      onConflict: optional(z.enum(['wait', 'fail']), 'When another program has the local port: `wait` until it is free, or `fail`. Default `wait`.'),
    })
    .register(meanings, { description: 'One port, in full.' }),
)

export const target = once(() =>
  z
    .strictObject({
      kind: optional(z.string(), 'Kubernetes kind: `service`, `deployment`, `statefulset`, `daemonset`, `replicaset`, `job`, `replicationcontroller`, `pod`.', [
        'service',
        'deployment',
        'statefulset',
        'daemonset',
        'replicaset',
        'job',
        'replicationcontroller',
        'pod',
      ]),
      name: optional(text, 'Name of the object; a trailing `*` matches by prefix.'),
      labelSelector: optional(text, 'Pods by labels, in the words of kubectl: `app=web,tier!=cache`.'),
      container: optional(label, 'Narrows the lookup of a named port to this container.'),
    })
    .register(meanings, { description: 'What to forward to, in full.' }),
)

export const transportMode = once(() => z.enum(['auto', 'websocket', 'spdy', 'channel']))
export const transport = once(() =>
  z.strictObject({
    mode: optional(transportMode(), 'How to tunnel; `auto` tries WebSocket, then SPDY, then the older channels.'),
    pingInterval: optional(someTime(), 'A tunnel that was silent so long is pinged. Default 10s.'),
  }),
)

export const hold = once(() =>
  z.strictObject({
    timeout: optional(duration(), 'How long one connection waits for a pod. Default 10s.'),
    window: optional(duration(), 'How old an outage may be for connections to wait at all. Default 30s.'),
    maxConnections: optional(count(4096), 'How many may wait. Default 64.'),
  }),
)

const impersonation = once(() => ({
  as: optional(identity(), 'Act as this user, as `kubectl --as`: the API server must allow it. Instead of what the kubeconfig says.'),
  asGroups: optional(list(identity(), limits.groups, ['group', 'groups']), 'The groups of that user, as `kubectl --as-group`. Only together with `as`.', [
    ['team-a'],
  ]),
}))

export const profiles = once(() => list(label, limits.profiles, ['profile', 'profiles']))

const envFile = once(() =>
  z.union([text, list(text, limits.variableFiles, ['file', 'files'])]).register(meanings, {
    description: 'Files of variables, relative to this file: `NAME=value` lines. Of two that have a name the later one counts.',
    examples: ['.env.dev'],
  }),
)

export const include = once(() =>
  z.strictObject({
    path: text.clone().register(meanings, { description: 'The file, relative to this one.' }),
    prefix: optional(label, 'Stands before the names of its forwards, with a "-" between.'),
    envFile: z.optional(envFile()),
    profiles: optional(profiles(), 'Nothing of the file is started unless one of these is on.'),
  }),
)

const access = {
  cluster: optional(text, 'An alias from `clusters`.'),
  context: optional(text, 'A context of the kubeconfig. Default: its current one.'),
  kubeconfig: optional(text, 'A kubeconfig file, relative to this file. Needs approval.'),
  namespace: optional(label, "Default: the context's."),
}

/** All fields of a forward but `target` and `ports`: what `defaults` may hold. */
const common = once(() => ({
  ...access,
  ...impersonation(),
  addresses: z.optional(addresses()),
  transport: optional(z.union([transportMode(), transport()]), 'How to tunnel. Default `auto`.'),
  hold: optional(z.union([z.literal('off'), hold()]), 'How connections wait while no pod can be reached, or `off`.'),
  drain: optional(
    z.strictObject({ timeout: optional(duration(), 'Then they are reset. Default 30s.') }),
    'How long open connections may finish when the forward ends or moves. Default 30s.',
  ),
  backoff: optional(
    z.strictObject({
      initial: optional(someTime(), 'The first wait. Default 200ms.'),
      factor: optional(between(1, 10), 'How much longer each wait is. Default 2.'),
      max: optional(someTime(), 'The longest wait. Default 15s.'),
      jitter: optional(between(0, 1), 'The part of a wait that is left to chance. Default 0.5.'),
      resetAfter: optional(duration(), 'A tunnel that was ready so long begins again with the first wait. Default 30s.'),
    }),
    'How long to wait before a lost tunnel is dialled again.',
  ),
  restart: optional(
    pattern(/^(always|no|on-failure(:\d+)?)$/, 'write always, no, on-failure or on-failure:N'),
    '`always`, `on-failure`, `on-failure:N` or `no`. Default `always`.',
    ['always', 'on-failure', 'on-failure:5', 'no'],
  ),
  timeouts: optional(
    z.strictObject({
      dial: optional(someTime(), 'For a tunnel to open. Default 15s.'),
      stream: optional(someTime(), 'For a connection to open inside the tunnel. Default 10s.'),
      halfClose: optional(duration(), "How long a client's end is kept back while an answer may be due. Default 10s."),
    }),
    'How long each step may take.',
  ),
  limits: optional(z.strictObject({ maxConnections: optional(count(65_535), 'Open at once; more are reset. Default 512.') }), 'How much is too much.'),
  pods: optional(z.strictObject({ requireReady: optional(z.boolean(), 'Only pods that are Ready. Default true; false for `pod/`.') }), 'Which pods are taken.'),
  protected: optional(z.boolean(), "Ask before it is started. Default: the cluster's."),
  enabled: optional(z.boolean(), '`false` keeps the entry and does not start it.'),
}))

export const defaults = once(() => z.strictObject(common()).register(meanings, { description: 'Fields for every forward that says nothing else.' }))

const portList = once(() => list(z.union([portNumber(), text, port()]), limits.portsOfForward, ['port', 'ports']))

export const forward = once(() =>
  z.strictObject({
    target: z
      .union([text, target()])
      .register(meanings, { description: '`svc/api`, `deploy/web`, `pod/x`, … or the full form.', examples: ['svc/api', 'deploy/web'] }),
    ports: portList().register(meanings, { description: '`8080:http`, `9090`, `127.0.0.1:5432:5432`, or the full form.', examples: [['8080:http']] }),
    description: optional(z.string(), 'For people.'),
    dependsOn: optional(list(label, limits.dependencies, ['forward', 'forwards']), 'Forwards that have to be ready before this one is started.', [['db']]),
    links: optional(z.record(label, text), 'Pages to open, by name: URLs with references such as `$(web.url)`.', [{ home: '$(web.url)/home' }]),
    profiles: optional(profiles(), 'It is started only when one of these is on (`--profile`).', [['observe']]),
    ...common(),
  }),
)

export const cluster = once(() =>
  z.strictObject({
    kubeconfig: optional(text, 'A kubeconfig file, relative to this file. Needs approval.'),
    context: optional(text, 'The context that the alias stands for.'),
    namespace: optional(label, 'For forwards that name none.'),
    ...impersonation(),
    protected: optional(z.boolean(), '`true`: `kpf up` asks before it starts anything there.'),
    expect: optional(
      z.strictObject({
        server: pattern(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/, 'write the URL of the API server: https://HOST:PORT').register(meanings, {
          description: 'The API server that the context must lead to.',
          examples: ['https://127.0.0.1:6443'],
        }),
      }),
      'What must be so before anything is opened: a context of this name may mean something else to somebody.',
    ),
  }),
)

export const settings = once(() =>
  z.strictObject({
    concurrency: optional(count(64), 'Dials in flight per cluster. Default 8.'),
    portRange: optional(
      pattern(new RegExp(PORT_RANGE), 'write FIRST-LAST, such as 20000-29999, with numbers from 1024 on'),
      'Where free local ports are looked for. Default 20000-29999.',
    ),
    watch: optional(
      z.strictObject({ debounce: optional(duration(), 'Quiet time before a change is read. Default 100ms.') }),
      'How edits of the files are seen.',
    ),
  }),
)

export const forwardName = label.clone().register(meanings, { description: 'The name of a forward.' })

const first = {
  apiVersion: optional(z.literal('kpf/v1'), 'The version of this language.'),
  name: optional(label, "The project. Default: the directory's name."),
  description: optional(z.string(), 'What the project is, for people.'),
  context: access.context,
  cluster: access.cluster,
  kubeconfig: access.kubeconfig,
  namespace: access.namespace,
}

/** What each file may begin with. */
export const topLevel = z.strictObject(first)

/** What a few files have beside it: each is looked at by itself. */
export const besides = {
  envFile,
  vars: once(() => z.record(variableName(), z.union([z.string(), z.number(), z.boolean()]))),
  exports: once(() => z.record(variableName(), z.string())),
  settings,
}

/** The whole file. */
export const file = once(() =>
  z
    .strictObject({
      ...first,
      include: optional(z.array(z.union([text, include()])), 'Other files of forwards. Each keeps its own directory, context and namespace.', [
        ['payments/forwards.yaml'],
      ]),
      envFile: z.optional(envFile()),
      vars: optional(besides.vars(), 'Variables that nothing else has a value for.', [{ API_PORT: 8080 }]),
      clusters: optional(z.record(label, cluster()), "Aliases, so that colleagues' context names may differ."),
      defaults: z.optional(defaults()),
      forwards: z
        .record(forwardName, z.union([text, forward()]).register(meanings, { examples: ['svc/web 8080:80'] }))
        .register(meanings, { description: 'The forwards, by name: one line in the words of `kubectl port-forward`, or the full form.' }),
      exports: optional(
        besides.exports(),
        'Variables for programs, with references to forwards: `$(db.address)`, `host`, `port`, `url`, `pod`, `ports.NAME`.',
        [{ DATABASE_URL: 'postgres://app@$(db.address):$(db.port)/shop' }],
      ),
      settings: optional(settings(), 'What is for the whole process.'),
    })
    .register(meanings, { description: 'Port-forwards that kpf keeps up.' }),
)
