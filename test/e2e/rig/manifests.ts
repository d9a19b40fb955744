/**
 * Builds the Kubernetes objects that tests apply. Pure.
 *
 * What a test does not care about has the value that makes it quick: pods leave
 * within a second, and listen on 8080. Images and variables: test/cluster/README.md.
 */

/** A Kubernetes object, ready to be applied. */
export type Manifest = { readonly apiVersion: string; readonly kind: string } & Readonly<Record<string, unknown>>

/** The image `kpf.test/APP`. */
export type App = 'echo' | 'http' | 'hello' | 'serverfirst' | 'late' | 'halfclose' | 'reset' | 'blackhole' | 'sink' | 'sleep' | 'host'

export interface ContainerOptions {
  readonly app: App
  /** Default: the app's name. */
  readonly name?: string
  /** What it listens on, by name. Default: { [app]: 8080 }; nothing for sleep and host. */
  readonly ports?: Readonly<Record<string, number>>
  readonly env?: Readonly<Record<string, string>>
  /** For `host` only. */
  readonly command?: readonly string[]
  /** Command of an exec probe; ['kpf-ready'] obeys KPF_READY_DELAY. */
  readonly readyWhen?: readonly string[]
}

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>
  readonly namespace?: string
  readonly containers: readonly ContainerOptions[]
  readonly graceSeconds?: number
  /** Fields of the pod's spec that have no option of their own. */
  readonly spec?: Readonly<Record<string, unknown>>
}

function container({ app, name = app, ports, env = {}, command, readyWhen }: ContainerOptions): object {
  const listens = ports ?? (app === 'sleep' || app === 'host' ? {} : { [app]: 8080 })
  return {
    name,
    image: `kpf.test/${app}`,
    ...(command === undefined ? { args: Object.values(listens).map(String) } : { command }),
    ports: Object.entries(listens).map(([portName, containerPort]) => ({ name: portName, containerPort })),
    env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
    ...(readyWhen === undefined ? {} : { readinessProbe: { exec: { command: readyWhen }, periodSeconds: 1 } }),
  }
}

function podSpec({ containers, graceSeconds = 1, spec = {} }: PodOptions): object {
  return { terminationGracePeriodSeconds: graceSeconds, containers: containers.map(container), ...spec }
}

function metadata(name: string, { labels, namespace }: Pick<PodOptions, 'labels' | 'namespace'>): object {
  return { name, labels: labels ?? { app: name }, ...(namespace === undefined ? {} : { namespace }) }
}

/** A bare pod. It is labelled `app: NAME` unless told otherwise. */
export function pod(name: string, options: PodOptions): Manifest {
  return { apiVersion: 'v1', kind: 'Pod', metadata: metadata(name, options), spec: podSpec(options) }
}

/** A Deployment of pods labelled `app: NAME`. */
export function deployment(name: string, options: PodOptions & { readonly replicas?: number }): Manifest {
  return { apiVersion: 'apps/v1', kind: 'Deployment', ...replicated(name, options) }
}

/** A StatefulSet of pods NAME-0, NAME-1, ..., all made at once. */
export function statefulSet(name: string, options: PodOptions & { readonly replicas?: number }): Manifest {
  const { metadata: meta, spec } = replicated(name, options)
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: meta, spec: { ...spec, serviceName: name, podManagementPolicy: 'Parallel' } }
}

function replicated(name: string, options: PodOptions & { readonly replicas?: number }): { metadata: object; spec: object } {
  const labels = options.labels ?? { app: name }
  return {
    metadata: metadata(name, options),
    spec: { replicas: options.replicas ?? 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(options) } },
  }
}

export interface ServicePort {
  /** Needed when there are several. */
  readonly name?: string
  readonly port: number
  /** Number or name on the pod. */
  readonly targetPort: number | string
}

/** A Service in front of the pods labelled `app: NAME`, unless there is a selector. */
export function service(
  name: string,
  options: { readonly ports: readonly ServicePort[]; readonly selector?: Readonly<Record<string, string>>; readonly namespace?: string },
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name, options),
    spec: { selector: options.selector ?? { app: name }, ports: options.ports },
  }
}

/** PostgreSQL of Debian's package in a pod, user "app", no password, port 5432. It is Ready when it answers. */
export function postgres(name: string): Manifest {
  const bin = '$(ls -d /usr/lib/postgresql/*/bin | tail -1)'
  return pod(name, {
    graceSeconds: 3,
    containers: [
      {
        app: 'host',
        name: 'postgres',
        ports: { postgres: 5432 },
        command: [
          'sh',
          '-ec',
          `${bin}/initdb -D data -A trust -U app >/dev/null; exec ${bin}/postgres -D data -k . -c listen_addresses=127.0.0.1 -c port=5432`,
        ],
        readyWhen: ['sh', '-c', `${bin}/pg_isready -h 127.0.0.1 -U app`],
      },
    ],
    // PostgreSQL refuses to run as root.
    spec: { securityContext: { runAsUser: 65_534, runAsGroup: 65_534 } },
  })
}
