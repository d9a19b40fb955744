/**
 * The language of the file, as zod schemas: every field once, with its meaning.
 *
 * Pure. The JSON Schema of editors is generated from these same objects. Unions are
 * branched by hand before a schema is asked (`shape-check.ts`): zod says of a union only
 * that nothing fits.
 *
 * What only the long forms need is made when it is first asked for: a file of short forms
 * starts 6 ms sooner.
 */
import * as z from 'zod'
import { limits } from './limits.ts'
import { count, duration, identity, label, meanings, once, PORT_RANGE, portNumber, remotePort, shortLabel, someTime, text, variableName } from './scalars.ts'

export const addresses = once(() =>
  z
    .array(z.string().min(1))
    .min(1, 'name at least one address')
    .max(limits.addresses, `name at most ${limits.addresses} addresses`)
    .register(meanings, {
      description: 'Local addresses to bind: an IP, `localhost` for 127.0.0.1 and ::1, or `auto` for an own 127.x.y.z.',
      examples: [['localhost'], ['127.0.0.1']],
    }),
)

export const port = once(() =>
  z
    .strictObject({
      name: shortLabel.optional().register(meanings, { description: 'A name for this port, for output.' }),
      localPort: z
        .union([portNumber, z.literal('auto')])
        .optional()
        .register(meanings, { description: 'The port on this machine; `auto` is a free one that stays the same. Without it the remote number.' }),
      remotePort: remotePort.optional().register(meanings, {
        description: 'Port of the target: on a Service its own port, translated to the pod; else the container port. A number or a name.',
      }),
      containerPort: remotePort.optional().register(meanings, { description: "The pod's own port: a Service's translation is skipped." }),
      appProtocol: text.optional().register(meanings, { description: 'What is spoken, for links: `http`, `https`, `postgres`.' }),
      addresses: addresses().optional(),
      primary: z.boolean().optional().register(meanings, { description: 'The port meant when none is named.' }),
      onConflict: z
        .enum(['wait', 'fail'])
        .optional()
        .register(meanings, { description: 'When another program has the local port: `wait` until it is free, or `fail`. Default `wait`.' }),
    })
    .register(meanings, { description: 'One port, in full.' }),
)

export const target = once(() =>
  z
    .strictObject({
      kind: z
        .string()
        .optional()
        .register(meanings, {
          description: 'Kubernetes kind: `service`, `deployment`, `statefulset`, `daemonset`, `replicaset`, `job`, `replicationcontroller`, `pod`.',
          examples: ['service', 'deployment', 'statefulset', 'daemonset', 'replicaset', 'job', 'replicationcontroller', 'pod'],
        }),
      name: text.optional().register(meanings, { description: 'Name of the object; a trailing `*` matches by prefix.' }),
      labelSelector: text.optional().register(meanings, { description: 'Pods by labels, in the words of kubectl: `app=web,tier!=cache`.' }),
      container: label.optional().register(meanings, { description: 'Narrows the lookup of a named port to this container.' }),
    })
    .register(meanings, { description: 'What to forward to, in full.' }),
)

export const transportMode = z.enum(['auto', 'websocket', 'spdy', 'channel'])
export const transport = once(() =>
  z.strictObject({
    mode: transportMode.optional().register(meanings, { description: 'How to tunnel; `auto` tries WebSocket, then SPDY, then the older channels.' }),
    pingInterval: someTime.optional().register(meanings, { description: 'A tunnel that was silent so long is pinged. Default 10s.' }),
  }),
)

export const hold = once(() =>
  z.strictObject({
    timeout: duration.optional().register(meanings, { description: 'How long one connection waits for a pod. Default 10s.' }),
    window: duration.optional().register(meanings, { description: 'How old an outage may be for connections to wait at all. Default 30s.' }),
    maxConnections: count(4096).optional().register(meanings, { description: 'How many may wait. Default 64.' }),
  }),
)

const impersonation = once(() => ({
  as: identity
    .optional()
    .register(meanings, { description: 'Act as this user, as `kubectl --as`: the API server must allow it. Instead of what the kubeconfig says.' }),
  asGroups: z
    .array(identity)
    .min(1, 'name at least one group')
    .max(limits.groups, `name at most ${limits.groups} groups`)
    .optional()
    .register(meanings, { description: 'The groups of that user, as `kubectl --as-group`. Only together with `as`.', examples: [['team-a']] }),
}))

export const profiles = once(() => z.array(label).min(1, 'name at least one profile').max(limits.profiles, `name at most ${limits.profiles} profiles`))

const envFile = once(() =>
  z.union([text, z.array(text).min(1, 'name at least one file').max(limits.variableFiles, `name at most ${limits.variableFiles} files`)]).register(meanings, {
    description: 'Files of variables, relative to this file: `NAME=value` lines. Of two that have a name the later one counts.',
    examples: ['.env.dev'],
  }),
)

export const include = once(() =>
  z.strictObject({
    path: text.clone().register(meanings, { description: 'The file, relative to this one.' }),
    prefix: label.optional().register(meanings, { description: 'Stands before the names of its forwards, with a "-" between.' }),
    envFile: envFile().optional(),
    profiles: profiles().optional().register(meanings, { description: 'Nothing of the file is started unless one of these is on.' }),
  }),
)

const access = {
  cluster: text.optional().register(meanings, { description: 'An alias from `clusters`.' }),
  context: text.optional().register(meanings, { description: 'A context of the kubeconfig. Default: its current one.' }),
  kubeconfig: text.optional().register(meanings, { description: 'A kubeconfig file, relative to this file. Needs approval.' }),
  namespace: label.optional().register(meanings, { description: "Default: the context's." }),
}

/** All fields of a forward but `target` and `ports`: what `defaults` may hold. */
const common = once(() => ({
  ...access,
  ...impersonation(),
  addresses: addresses().optional(),
  transport: z.union([transportMode, transport()]).optional().register(meanings, { description: 'How to tunnel. Default `auto`.' }),
  hold: z
    .union([z.literal('off'), hold()])
    .optional()
    .register(meanings, { description: 'How connections wait while no pod can be reached, or `off`.' }),
  drain: z
    .strictObject({ timeout: duration.optional().register(meanings, { description: 'Then they are reset. Default 30s.' }) })
    .optional()
    .register(meanings, { description: 'How long open connections may finish when the forward ends or moves. Default 30s.' }),
  backoff: z
    .strictObject({
      initial: someTime.optional().register(meanings, { description: 'The first wait. Default 200ms.' }),
      factor: z
        .number()
        .min(1, 'write a number from 1 to 10')
        .max(10, 'write a number from 1 to 10')
        .optional()
        .register(meanings, { description: 'How much longer each wait is. Default 2.' }),
      max: someTime.optional().register(meanings, { description: 'The longest wait. Default 15s.' }),
      jitter: z
        .number()
        .min(0, 'write a number from 0 to 1')
        .max(1, 'write a number from 0 to 1')
        .optional()
        .register(meanings, { description: 'The part of a wait that is left to chance. Default 0.5.' }),
      resetAfter: duration.optional().register(meanings, { description: 'A tunnel that was ready so long begins again with the first wait. Default 30s.' }),
    })
    .optional()
    .register(meanings, { description: 'How long to wait before a lost tunnel is dialled again.' }),
  restart: z
    .string()
    .regex(/^(always|no|on-failure(:\d+)?)$/, 'write always, no, on-failure or on-failure:N')
    .optional()
    .register(meanings, {
      description: '`always`, `on-failure`, `on-failure:N` or `no`. Default `always`.',
      examples: ['always', 'on-failure', 'on-failure:5', 'no'],
    }),
  timeouts: z
    .strictObject({
      dial: someTime.optional().register(meanings, { description: 'For a tunnel to open. Default 15s.' }),
      stream: someTime.optional().register(meanings, { description: 'For a connection to open inside the tunnel. Default 10s.' }),
      halfClose: duration.optional().register(meanings, { description: "How long a client's end is kept back while an answer may be due. Default 10s." }),
    })
    .optional()
    .register(meanings, { description: 'How long each step may take.' }),
  limits: z
    .strictObject({ maxConnections: count(65_535).optional().register(meanings, { description: 'Open at once; more are reset. Default 512.' }) })
    .optional()
    .register(meanings, { description: 'How much is too much.' }),
  pods: z
    .strictObject({ requireReady: z.boolean().optional().register(meanings, { description: 'Only pods that are Ready. Default true; false for `pod/`.' }) })
    .optional()
    .register(meanings, { description: 'Which pods are taken.' }),
  protected: z.boolean().optional().register(meanings, { description: "Ask before it is started. Default: the cluster's." }),
  enabled: z.boolean().optional().register(meanings, { description: '`false` keeps the entry and does not start it.' }),
}))

export const defaults = once(() => z.strictObject(common()).register(meanings, { description: 'Fields for every forward that says nothing else.' }))

const portList = once(() =>
  z
    .array(z.union([portNumber, text, port()]))
    .min(1, 'name at least one port')
    .max(limits.portsOfForward, `name at most ${limits.portsOfForward} ports`),
)

export const forward = once(() =>
  z.strictObject({
    target: z
      .union([text, target()])
      .register(meanings, { description: '`svc/api`, `deploy/web`, `pod/x`, … or the full form.', examples: ['svc/api', 'deploy/web'] }),
    ports: portList().register(meanings, { description: '`8080:http`, `9090`, `127.0.0.1:5432:5432`, or the full form.', examples: [['8080:http']] }),
    description: z.string().optional().register(meanings, { description: 'For people.' }),
    dependsOn: z
      .array(label)
      .min(1, 'name at least one forward')
      .max(limits.dependencies, `name at most ${limits.dependencies} forwards`)
      .optional()
      .register(meanings, { description: 'Forwards that have to be ready before this one is started.', examples: [['db']] }),
    links: z
      .record(label, text)
      .optional()
      .register(meanings, { description: 'Pages to open, by name: URLs with references such as `$(web.url)`.', examples: [{ home: '$(web.url)/home' }] }),
    profiles: profiles()
      .optional()
      .register(meanings, { description: 'It is started only when one of these is on (`--profile`).', examples: [['observe']] }),
    ...common(),
  }),
)

export const cluster = once(() =>
  z.strictObject({
    kubeconfig: text.optional().register(meanings, { description: 'A kubeconfig file, relative to this file. Needs approval.' }),
    context: text.optional().register(meanings, { description: 'The context that the alias stands for.' }),
    namespace: label.optional().register(meanings, { description: 'For forwards that name none.' }),
    ...impersonation(),
    protected: z.boolean().optional().register(meanings, { description: '`true`: `kpf up` asks before it starts anything there.' }),
    expect: z
      .strictObject({
        server: z
          .string()
          .regex(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/, 'write the URL of the API server: https://HOST:PORT')
          .register(meanings, { description: 'The API server that the context must lead to.', examples: ['https://127.0.0.1:6443'] }),
      })
      .optional()
      .register(meanings, { description: 'What must be so before anything is opened: a context of this name may mean something else to somebody.' }),
  }),
)

export const settings = z.strictObject({
  concurrency: count(64).optional().register(meanings, { description: 'Dials in flight per cluster. Default 8.' }),
  portRange: z
    .string()
    .regex(PORT_RANGE, 'write FIRST-LAST, such as 20000-29999, with numbers from 1024 on')
    .optional()
    .register(meanings, { description: 'Where free local ports are looked for. Default 20000-29999.' }),
  watch: z
    .strictObject({ debounce: duration.optional().register(meanings, { description: 'Quiet time before a change is read. Default 100ms.' }) })
    .optional()
    .register(meanings, { description: 'How edits of the files are seen.' }),
})

export const forwardName = label.clone().register(meanings, { description: 'The name of a forward.' })

const first = {
  apiVersion: z.literal('kpf/v1').optional().register(meanings, { description: 'The version of this language.' }),
  name: label.optional().register(meanings, { description: "The project. Default: the directory's name." }),
  description: z.string().optional().register(meanings, { description: 'What the project is, for people.' }),
  context: access.context,
  cluster: access.cluster,
  kubeconfig: access.kubeconfig,
  namespace: access.namespace,
}
const variables = {
  envFile: envFile().optional(),
  vars: z
    .record(variableName, z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .register(meanings, { description: 'Variables that nothing else has a value for.', examples: [{ API_PORT: 8080 }] }),
}
const last = {
  exports: z
    .record(variableName, z.string())
    .optional()
    .register(meanings, {
      description: 'Variables for programs, with references to forwards: `$(db.address)`, `host`, `port`, `url`, `pod`, `ports.NAME`.',
      examples: [{ DATABASE_URL: 'postgres://app@$(db.address):$(db.port)/shop' }],
    }),
  settings: settings.optional().register(meanings, { description: 'What is for the whole process.' }),
}

/** What each file has, without the entries of its lists and maps: those are looked at one by one. */
export const topLevel = z.strictObject({ ...first, ...variables, ...last })

/** The whole file. */
export const file = once(() =>
  z
    .strictObject({
      ...first,
      include: z
        .array(z.union([text, include()]))
        .optional()
        .register(meanings, {
          description: 'Other files of forwards. Each keeps its own directory, context and namespace.',
          examples: [['payments/forwards.yaml']],
        }),
      ...variables,
      clusters: z.record(label, cluster()).optional().register(meanings, { description: "Aliases, so that colleagues' context names may differ." }),
      defaults: defaults().optional(),
      forwards: z
        .record(forwardName, z.union([text, forward()]).register(meanings, { examples: ['svc/web 8080:80'] }))
        .register(meanings, { description: 'The forwards, by name: one line in the words of `kubectl port-forward`, or the full form.' }),
      ...last,
    })
    .register(meanings, { description: 'Port-forwards that kpf keeps up.' }),
)
