/**
 * The language of the file, as zod schemas: every field once, with its meaning.
 *
 * Pure. The JSON Schema of editors is generated from these same objects. Unions are
 * branched by hand before a schema is asked (`shape-check.ts`): zod says of a union only
 * that nothing fits.
 */
import * as z from 'zod'
import { limits } from './limits.ts'

// Digits are few enough that every sum stays below the 24 days that a timer can hold.
const DURATION = /^(?=\d)(\d{1,2}h)?(\d{1,4}m(?!s))?(\d{1,5}(\.\d{1,3})?s)?(\d{1,8}ms)?$/
const SOME_TIME = new RegExp(DURATION.source.replace('^', '^(?=.*[1-9])'))
const FROM_1024 = '(102[4-9]|10[3-9]\\d|1[1-9]\\d{2}|[2-9]\\d{3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'
const PORT_RANGE = new RegExp(`^${FROM_1024}-${FROM_1024}$`)
/** How names are written, here and in Kubernetes. */
export const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

export const duration = z
  .string()
  .regex(DURATION, 'write a duration with its unit: 500ms, 10s, 5m, 1h30m, at most 99h')
  .describe('A duration with its unit: `500ms`, `10s`, `5m`, `1h30m`.')
/** Where nothing at all would be a busy loop, or would never succeed. */
export const someTime = z
  .string()
  .regex(SOME_TIME, 'write a duration above zero with its unit: 500ms, 10s, 5m, 1h30m, at most 99h')
  .describe('A duration above zero with its unit: `500ms`, `10s`, `5m`, `1h30m`.')
const label = z.string().regex(LABEL, 'use lower-case letters, digits and "-", at most 63, beginning and ending with a letter or digit')
const shortLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/, 'use lower-case letters, digits and "-", at most 15')
const text = z.string().min(1, 'write at least one character')
const count = (max: number): z.ZodNumber =>
  z.number().int('write a whole number').min(1, `write a number from 1 to ${max}`).max(max, `write a number from 1 to ${max}`)

export const portNumber = z
  .number()
  .int('write a whole number from 1 to 65535')
  .min(1, 'write a number from 1 to 65535')
  .max(65_535, 'write a number from 1 to 65535')
const portName = z
  .string()
  .regex(/^(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/, 'write a number from 1 to 65535, or a name of at most 15 lower-case letters, digits and "-"')
export const remotePort = z.union([portNumber, portName])

export const addresses = z
  .array(z.string().min(1))
  .min(1, 'name at least one address')
  .max(limits.addresses, `name at most ${limits.addresses} addresses`)
  .describe('Local addresses to bind: an IP, `localhost` for 127.0.0.1 and ::1, or `auto` for an own 127.x.y.z.')
  .meta({ examples: [['localhost'], ['127.0.0.1']] })

export const port = z
  .strictObject({
    name: shortLabel.optional().describe('A name for this port, for output.'),
    localPort: z
      .union([portNumber, z.literal('auto')])
      .optional()
      .describe('The port on this machine; `auto` is a free one that stays the same. Without it the remote number.'),
    remotePort: remotePort
      .optional()
      .describe('Port of the target: on a Service its own port, translated to the pod; else the container port. A number or a name.'),
    containerPort: remotePort.optional().describe("The pod's own port: a Service's translation is skipped."),
    appProtocol: text.optional().describe('What is spoken, for links: `http`, `https`, `postgres`.'),
    addresses: addresses.optional(),
    primary: z.boolean().optional().describe('The port meant when none is named.'),
    onConflict: z.enum(['wait', 'fail']).optional().describe('When another program has the local port: `wait` until it is free, or `fail`. Default `wait`.'),
  })
  .describe('One port, in full.')

export const target = z
  .strictObject({
    kind: z
      .string()
      .optional()
      .describe('Kubernetes kind: `service`, `deployment`, `statefulset`, `daemonset`, `replicaset`, `job`, `replicationcontroller`, `pod`.'),
    name: text.optional().describe('Name of the object; a trailing `*` matches by prefix.'),
    labelSelector: text.optional().describe('Pods by labels, in the words of kubectl: `app=web,tier!=cache`.'),
    container: label.optional().describe('Narrows the lookup of a named port to this container.'),
  })
  .describe('What to forward to, in full.')

export const transport = z.strictObject({
  mode: z.enum(['auto', 'websocket', 'spdy', 'channel']).optional().describe('How to tunnel; `auto` tries WebSocket, then SPDY, then the older channels.'),
  pingInterval: someTime.optional().describe('A tunnel that was silent so long is pinged. Default 10s.'),
})
export const transportMode = z.enum(['auto', 'websocket', 'spdy', 'channel'])

export const hold = z.strictObject({
  timeout: duration.optional().describe('How long one connection waits for a pod. Default 10s.'),
  window: duration.optional().describe('How old an outage may be for connections to wait at all. Default 30s.'),
  maxConnections: count(4096).optional().describe('How many may wait. Default 64.'),
})

/** The name of a user or a group: it travels in a header. */
const identity = z.string().regex(/^\P{Cc}+$/u, 'write a name; control characters cannot be part of it')
const impersonation = {
  as: identity.optional().describe('Act as this user, as `kubectl --as`: the API server must allow it. Instead of what the kubeconfig says.'),
  asGroups: z
    .array(identity)
    .min(1, 'name at least one group')
    .max(limits.groups, `name at most ${limits.groups} groups`)
    .optional()
    .describe('The groups of that user, as `kubectl --as-group`. Only together with `as`.')
    .meta({ examples: [['team-a']] }),
}

export const profiles = z.array(label).min(1, 'name at least one profile').max(limits.profiles, `name at most ${limits.profiles} profiles`)

const envFile = z
  .union([text, z.array(text).min(1, 'name at least one file').max(limits.variableFiles, `name at most ${limits.variableFiles} files`)])
  .describe('Files of variables, relative to this file: `NAME=value` lines. Of two that have a name the later one counts.')
  .meta({ examples: ['.env.dev'] })

export const include = z.strictObject({
  path: text.describe('The file, relative to this one.'),
  prefix: label.optional().describe('Stands before the names of its forwards, with a "-" between.'),
  envFile: envFile.optional(),
  profiles: profiles.optional().describe('Nothing of the file is started unless one of these is on.'),
})

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use letters, digits and "_", beginning with a letter or "_"')

/** All fields of a forward but `target` and `ports`: what `defaults` may hold. */
const common = {
  cluster: text.optional().describe('An alias from `clusters`.'),
  context: text.optional().describe('A context of the kubeconfig. Default: its current one.'),
  kubeconfig: text.optional().describe('A kubeconfig file, relative to this file. Needs approval.'),
  namespace: label.optional().describe("Default: the context's."),
  ...impersonation,
  addresses: addresses.optional(),
  transport: z.union([transportMode, transport]).optional().describe('How to tunnel. Default `auto`.'),
  hold: z
    .union([z.literal('off'), hold])
    .optional()
    .describe('How connections wait while no pod can be reached, or `off`.'),
  drain: z
    .strictObject({ timeout: duration.optional().describe('Then they are reset. Default 30s.') })
    .optional()
    .describe('How long open connections may finish when the forward ends or moves. Default 30s.'),
  backoff: z
    .strictObject({
      initial: someTime.optional().describe('The first wait. Default 200ms.'),
      factor: z
        .number()
        .min(1, 'write a number from 1 to 10')
        .max(10, 'write a number from 1 to 10')
        .optional()
        .describe('How much longer each wait is. Default 2.'),
      max: someTime.optional().describe('The longest wait. Default 15s.'),
      jitter: z
        .number()
        .min(0, 'write a number from 0 to 1')
        .max(1, 'write a number from 0 to 1')
        .optional()
        .describe('The part of a wait that is left to chance. Default 0.5.'),
      resetAfter: duration.optional().describe('A tunnel that was ready so long begins again with the first wait. Default 30s.'),
    })
    .optional()
    .describe('How long to wait before a lost tunnel is dialled again.'),
  restart: z
    .string()
    .regex(/^(always|no|on-failure(:\d+)?)$/, 'write always, no, on-failure or on-failure:N')
    .optional()
    .describe('`always`, `on-failure`, `on-failure:N` or `no`. Default `always`.'),
  timeouts: z
    .strictObject({
      dial: someTime.optional().describe('For a tunnel to open. Default 15s.'),
      stream: someTime.optional().describe('For a connection to open inside the tunnel. Default 10s.'),
      halfClose: duration.optional().describe("How long a client's end is kept back while an answer may be due. Default 10s."),
    })
    .optional()
    .describe('How long each step may take.'),
  limits: z
    .strictObject({ maxConnections: count(65_535).optional().describe('Open at once; more are reset. Default 512.') })
    .optional()
    .describe('How much is too much.'),
  pods: z
    .strictObject({ requireReady: z.boolean().optional().describe('Only pods that are Ready. Default true; false for `pod/`.') })
    .optional()
    .describe('Which pods are taken.'),
  protected: z.boolean().optional().describe("Ask before it is started. Default: the cluster's."),
  enabled: z.boolean().optional().describe('`false` keeps the entry and does not start it.'),
}

export const defaults = z.strictObject(common).describe('Fields for every forward that says nothing else.')

const portList = z
  .array(z.union([portNumber, text, port]))
  .min(1, 'name at least one port')
  .max(limits.portsOfForward, `name at most ${limits.portsOfForward} ports`)
export const forward = z.strictObject({
  target: z
    .union([text, target])
    .describe('`svc/api`, `deploy/web`, `pod/x`, … or the full form.')
    .meta({ examples: ['svc/api', 'deploy/web'] }),
  ports: portList.describe('`8080:http`, `9090`, `127.0.0.1:5432:5432`, or the full form.').meta({ examples: [['8080:http']] }),
  description: z.string().optional().describe('For people.'),
  dependsOn: z
    .array(label)
    .min(1, 'name at least one forward')
    .max(limits.dependencies, `name at most ${limits.dependencies} forwards`)
    .optional()
    .describe('Forwards that have to be ready before this one is started.')
    .meta({ examples: [['db']] }),
  links: z
    .record(label, text)
    .optional()
    .describe('Pages to open, by name: URLs with references such as `$(web.url)`.')
    .meta({ examples: [{ home: '$(web.url)/home' }] }),
  profiles: profiles
    .optional()
    .describe('It is started only when one of these is on (`--profile`).')
    .meta({ examples: [['observe']] }),
  ...common,
})

export const cluster = z.strictObject({
  kubeconfig: text.optional().describe('A kubeconfig file, relative to this file. Needs approval.'),
  context: text.optional().describe('The context that the alias stands for.'),
  namespace: label.optional().describe('For forwards that name none.'),
  ...impersonation,
  protected: z.boolean().optional().describe('`true`: `kpf up` asks before it starts anything there.'),
  expect: z
    .strictObject({
      server: z
        .string()
        .regex(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/, 'write the URL of the API server: https://HOST:PORT')
        .describe('The API server that the context must lead to.'),
    })
    .optional()
    .describe('What must be so before anything is opened: a context of this name may mean something else to somebody.'),
})

export const settings = z.strictObject({
  concurrency: count(64).optional().describe('Dials in flight per cluster. Default 8.'),
  portRange: z
    .string()
    .regex(PORT_RANGE, 'write FIRST-LAST, such as 20000-29999, with numbers from 1024 on')
    .optional()
    .describe('Where free local ports are looked for. Default 20000-29999.'),
  watch: z
    .strictObject({ debounce: duration.optional().describe('Quiet time before a change is read. Default 100ms.') })
    .optional()
    .describe('How edits of the files are seen.'),
})

export const forwardName = label.describe('The name of a forward.')

/** The whole file. */
export const file = z
  .strictObject({
    apiVersion: z.literal('kpf/v1').optional().describe('The version of this language.'),
    name: label.optional().describe("The project. Default: the directory's name."),
    description: z.string().optional().describe('What the project is, for people.'),
    context: common.context,
    cluster: common.cluster,
    kubeconfig: common.kubeconfig,
    namespace: common.namespace,
    include: z
      .array(z.union([text, include]))
      .optional()
      .describe('Other files of forwards. Each keeps its own directory, context and namespace.')
      .meta({ examples: [['payments/forwards.yaml']] }),
    envFile: envFile.optional(),
    vars: z
      .record(variableName, z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .describe('Variables that nothing else has a value for.')
      .meta({ examples: [{ API_PORT: 8080 }] }),
    clusters: z.record(label, cluster).optional().describe("Aliases, so that colleagues' context names may differ."),
    defaults: defaults.optional(),
    forwards: z
      .record(forwardName, z.union([text, forward]))
      .describe('The forwards, by name: one line in the words of `kubectl port-forward`, or the full form.'),
    exports: z
      .record(variableName, z.string())
      .optional()
      .describe('Variables for programs, with references to forwards: `$(db.address)`, `host`, `port`, `url`, `pod`, `ports.NAME`.')
      .meta({ examples: [{ DATABASE_URL: 'postgres://app@$(db.address):$(db.port)/shop' }] }),
    settings: settings.optional().describe('What is for the whole process.'),
  })
  .describe('Port-forwards that kpf keeps up.')
