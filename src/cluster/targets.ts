/**
 * Follows one target: the object it names and the pods behind it, joined into pictures.
 *
 * It joins shared watches; what to do with a picture is `pick.ts`'s business.
 */
import { failure } from '../tunnel/failure.ts'
import { isRecord, type KubeObject, metadata, nameOf, record, records } from './kube-object.ts'
import type { ObjectKind, Picture, ServiceFacts, TargetQuery } from './picture.ts'
import { podFacts } from './pod-facts.ts'
import { resourceOf } from './resources.ts'
import { matches, parseSelector, readSelector, type Requirement } from './selector.ts'
import type { WatchState } from './watch.ts'
import type { Watches } from './watches.ts'

/** Follows the target until the result is called. The same picture is not told twice. */
export function followTarget(watches: Watches, query: TargetQuery, onChange: (picture: Picture) => void): { close(): void } {
  const target = new FollowedTarget(watches, query, onChange)
  target.start()
  return target
}

class FollowedTarget {
  readonly #watches: Watches
  readonly #query: TargetQuery
  readonly #onChange: (picture: Picture) => void
  readonly #ends: (() => void)[] = []
  #objects: WatchState = { kind: 'unknown' }
  #pods: WatchState = { kind: 'unknown' }
  #slices: WatchState = { kind: 'unknown' }
  #followsSlices = false
  #told = ''

  constructor(watches: Watches, query: TargetQuery, onChange: (picture: Picture) => void) {
    this.#watches = watches
    this.#query = query
    this.#onChange = onChange
  }

  start(): void {
    const { target } = this.#query
    const kind = objectKind(target)
    // A pod that is named needs no rights on others: only it is watched.
    const onlyPod = target.kind === 'pod' ? target.name : undefined
    if (kind !== undefined && kind !== 'pod') {
      this.#follow(kind, 'name' in target ? target.name : undefined, (state) => {
        this.#objects = state
      })
    }
    this.#follow('pod', onlyPod, (state) => {
      this.#pods = state
    })
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end()
  }

  #follow(kind: ObjectKind | 'endpointslice', name: string | undefined, take: (state: WatchState) => void): void {
    const { namespace } = this.#query
    const { path, plural } = resourceOf(kind, namespace)
    const watched = {
      path,
      what: `${plural} in namespace "${namespace}"`,
      ...(name !== undefined && { name }),
    }
    this.#ends.push(
      this.#watches.follow(watched, (state) => {
        take(state)
        this.#tell()
      }),
    )
  }

  #tell(): void {
    const picture = this.#picture()
    // A cause is no part of what is told, and may hold a circle: that of a TLS error has the server's certificate.
    const text = JSON.stringify(picture, (key, value: unknown) => (key === 'cause' ? undefined : value))
    if (picture.kind === 'unknown' || text === this.#told) return
    this.#told = text
    this.#onChange(picture)
  }

  #picture(): Picture {
    const { target } = this.#query
    if (this.#pods.kind === 'failure') return this.#pods
    const kind = objectKind(target)
    if (kind === undefined || kind === 'pod') return this.#pods.kind === 'list' ? this.#ofPods(this.#pods.items) : { kind: 'unknown' }
    if (this.#objects.kind === 'failure') return this.#objects
    if (this.#objects.kind === 'unknown' || this.#pods.kind === 'unknown') return { kind: 'unknown' }
    const object = this.#object(this.#objects.items)
    if (object === undefined)
      return failure('KPF_OBJECT_MISSING', `${kind} "${wantedName(target)}" does not exist in namespace "${this.#query.namespace}"`, {
        hint: `check its name, the namespace and the context; see: kubectl get ${kind}s -n ${this.#query.namespace}`,
      })
    return kind === 'service' ? this.#ofService(object, this.#pods.items) : this.#ofWorkload(object, kind, this.#pods.items)
  }

  /** A pod by name or prefix, or pods by labels. */
  #ofPods(items: ReadonlyMap<string, KubeObject>): Picture {
    const { target, namespace } = this.#query
    const wanted =
      target.kind === 'selector'
        ? (pod: KubeObject): boolean => matches(parseSelector(target.labelSelector), metadata(pod)['labels'])
        : (pod: KubeObject): boolean => (target.kind === 'prefix' ? nameOf(pod).startsWith(target.prefix) : nameOf(pod) === wantedName(target))
    const pods = [...items.values()].filter(wanted).map(podFacts)
    if (pods.length === 0 && target.kind === 'pod')
      return failure('KPF_OBJECT_MISSING', `pod "${target.name}" does not exist in namespace "${namespace}"`, {
        hint: `check its name, the namespace and the context; see: kubectl get pods -n ${namespace}`,
      })
    return { kind: 'seen', pods }
  }

  #ofWorkload(object: KubeObject, kind: ObjectKind, items: ReadonlyMap<string, KubeObject>): Picture {
    const spec = record(object['spec'])
    const selector = readSelector(spec['selector'], kind === 'replicationcontroller')
    const replicas = replicasOf(object, kind)
    return { kind: 'seen', ...(replicas !== undefined && { replicas }), pods: selected(items, selector) }
  }

  #ofService(object: KubeObject, items: ReadonlyMap<string, KubeObject>): Picture {
    const spec = record(object['spec'])
    const service = serviceFacts(spec)
    const selector = readSelector(spec['selector'], true)
    if (selector.length > 0) return { kind: 'seen', service, pods: selected(items, selector) }
    if (!this.#followsSlices) {
      this.#followsSlices = true
      this.#follow('endpointslice', undefined, (state) => {
        this.#slices = state
      })
      // The slices may be known already, and then the picture was told from within.
    }
    if (this.#slices.kind !== 'list') return this.#slices
    const names = podsOfSlices(this.#slices.items, nameOf(object))
    if (names.size === 0)
      return failure('KPF_NO_SELECTOR', `service "${nameOf(object)}" has no selector, and its endpoints are no pods: there is nothing to forward to`, {
        hint: 'forward to a pod, or give the service a selector',
      })
    return { kind: 'seen', service, pods: [...items.values()].filter((pod) => names.has(nameOf(pod))).map(podFacts) }
  }

  /** The object of the name; by prefix the newest one. */
  #object(items: ReadonlyMap<string, KubeObject>): KubeObject | undefined {
    const { target } = this.#query
    if (target.kind !== 'prefix') return [...items.values()].find((object) => nameOf(object) === wantedName(target))
    const created = (object: KubeObject): string => {
      const time = metadata(object)['creationTimestamp']
      return typeof time === 'string' ? time : ''
    }
    return [...items.values()].filter((object) => nameOf(object).startsWith(target.prefix)).sort((a, b) => (created(a) < created(b) ? 1 : -1))[0]
  }
}

/** How many pods an object asks for; a job that has ended or is suspended asks for none. */
function replicasOf(object: KubeObject, kind: ObjectKind): number | undefined {
  const [spec, status] = [record(object['spec']), record(object['status'])]
  if (kind === 'job') {
    const isOver = records(status['conditions']).some(
      (condition) => ['Complete', 'Failed'].includes(String(condition['type'])) && condition['status'] === 'True',
    )
    return isOver || spec['suspend'] === true ? 0 : Number(spec['parallelism'] ?? 1)
  }
  const replicas = kind === 'daemonset' ? status['desiredNumberScheduled'] : spec['replicas']
  return typeof replicas === 'number' ? replicas : undefined
}

function objectKind(target: TargetQuery['target']): ObjectKind | undefined {
  if (target.kind === 'selector') return undefined
  return target.kind === 'prefix' ? target.of : target.kind
}

function wantedName(target: TargetQuery['target']): string {
  return target.kind === 'selector' ? target.labelSelector : target.kind === 'prefix' ? `${target.prefix}*` : target.name
}

function selected(items: ReadonlyMap<string, KubeObject>, selector: readonly Requirement[]): ReturnType<typeof podFacts>[] {
  return [...items.values()].filter((pod) => matches(selector, metadata(pod)['labels'])).map(podFacts)
}

function serviceFacts(spec: Record<string, unknown>): ServiceFacts {
  return {
    headless: spec['clusterIP'] === 'None',
    ports: records(spec['ports']).map((port) => {
      const number = Number(port['port'] ?? 0)
      const targetPort = port['targetPort']
      return {
        ...(typeof port['name'] === 'string' && { name: port['name'] }),
        port: number,
        targetPort: typeof targetPort === 'string' ? targetPort : Number(targetPort ?? 0) || number,
        protocol: typeof port['protocol'] === 'string' ? port['protocol'] : 'TCP',
      }
    }),
  }
}

/** Names of the pods that a service's slices point at. */
function podsOfSlices(items: ReadonlyMap<string, KubeObject>, service: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const slice of items.values()) {
    if (record(metadata(slice)['labels'])['kubernetes.io/service-name'] !== service) continue
    for (const endpoint of records(slice['endpoints'])) {
      const reference = endpoint['targetRef']
      if (isRecord(reference) && reference['kind'] === 'Pod' && typeof reference['name'] === 'string') names.add(reference['name'])
    }
  }
  return names
}
