/**
 * Follows one target: the object it names and the pods behind it, joined into pictures.
 *
 * It joins shared watches; what to do with a picture is `pick.ts`'s business, and what
 * the watches do not show `closer-look.ts`'s.
 */
import type { Clock } from '../system/clock.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { failure } from '../tunnel/failure.ts'
import { CloserLook, missingObject, type Question } from './closer-look.ts'
import { isRecord, type KubeObject, metadata, nameOf, record, records } from './kube-object.ts'
import type { KubectlPlace } from './kubectl-words.ts'
import type { Neighbours } from './neighbours.ts'
import type { ObjectKind, Picture, ServiceFacts, TargetQuery, Workload } from './picture.ts'
import { isOver, podFacts } from './pod-facts.ts'
import { resourceOf } from './resources.ts'
import { matches, parseSelector, readSelector, type Requirement } from './selector.ts'
import type { WatchState } from './watch.ts'
import type { Watches } from './watches.ts'

/** What following stands on: the parts of one cluster. */
export interface FollowParts {
  readonly clock: Clock
  readonly watches: Watches
  readonly neighbours: Neighbours
  readonly contextName: string
}

/** Follows the target until the result is closed. The same picture is not told twice. */
export function followTarget(parts: FollowParts, query: TargetQuery, onChange: (picture: Picture) => void): { close(): void } {
  const target = new FollowedTarget(parts, query, onChange)
  target.start()
  return target
}

/** A picture as the watches have it, and what it leaves open. */
interface Seen {
  readonly picture: Picture
  readonly question?: Question
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
  #hasShownPods = false
  /** UIDs of the pods that were told last; they may outlive the object. */
  #shown: readonly string[] = []
  readonly #place: KubectlPlace
  readonly #closer: CloserLook

  constructor({ clock, watches, neighbours, contextName }: FollowParts, query: TargetQuery, onChange: (picture: Picture) => void) {
    this.#watches = watches
    this.#query = query
    this.#onChange = onChange
    this.#place = { context: contextName, namespace: query.namespace }
    this.#closer = new CloserLook({ clock, neighbours, place: this.#place, changed: () => this.#tell() })
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
    this.#closer.close()
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
    const seen = this.#seen()
    // That a pod went is told before anybody knows why: it would be dialled meanwhile.
    const picture = this.#closer.see(seen.picture, seen.question) ?? (this.#hasShownPods ? seen.picture : undefined)
    if (picture === undefined) return
    // A cause is no part of what is told, and may hold a circle: that of a TLS error has the server's certificate.
    const text = JSON.stringify(picture, (key, value: unknown) => (key === 'cause' ? undefined : value))
    if (picture.kind === 'unknown' || text === this.#told) return
    this.#told = text
    this.#hasShownPods = picture.kind === 'seen' && picture.pods.some((pod) => !isOver(pod))
    if (picture.kind === 'seen') this.#shown = picture.pods.map(({ uid }) => uid)
    this.#onChange(picture)
  }

  #seen(): Seen {
    const { target } = this.#query
    const [objects, pods] = [this.#objects, this.#pods]
    if (pods.kind === 'failure') return { picture: pods }
    const kind = objectKind(target)
    if (kind === undefined || kind === 'pod') return pods.kind === 'list' ? this.#ofPods(pods.items) : { picture: { kind: 'unknown' } }
    if (objects.kind === 'failure') return { picture: objects }
    if (objects.kind === 'unknown' || pods.kind === 'unknown') return { picture: { kind: 'unknown' } }
    const object = this.#object(objects.items)
    if (object === undefined) return this.#missing(kind)
    return kind === 'service' ? this.#ofService(object, pods.items) : { picture: this.#ofWorkload(object, kind, pods.items) }
  }

  #missing(kind: ObjectKind): Seen {
    const { target } = this.#query
    const object = { kind, name: wantedName(target) }
    // Its node may answer pings for a pod that is no more: only the watch tells.
    const living = this.#shown.length === 0 ? undefined : this.#living()
    return {
      picture: { ...missingObject(object, this.#place), ...(living && { living }) },
      ...(target.kind !== 'prefix' && { question: { about: 'name', ...object } }),
    }
  }

  #living(): readonly string[] {
    const pods = this.#pods.kind === 'list' ? [...this.#pods.items.values()].map(podFacts) : []
    return pods.filter((pod) => this.#shown.includes(pod.uid) && !isOver(pod)).map(({ uid }) => uid)
  }

  /** A pod by name or prefix, or pods by labels. */
  #ofPods(items: ReadonlyMap<string, KubeObject>): Seen {
    const { target } = this.#query
    const wanted =
      target.kind === 'selector'
        ? (pod: KubeObject): boolean => matches(parseSelector(target.labelSelector), metadata(pod)['labels'])
        : (pod: KubeObject): boolean => (target.kind === 'prefix' ? nameOf(pod).startsWith(target.prefix) : nameOf(pod) === wantedName(target))
    const pods = [...items.values()].filter(wanted).map(podFacts)
    return pods.length === 0 && target.kind === 'pod' ? this.#missing('pod') : { picture: { kind: 'seen', pods } }
  }

  #ofWorkload(object: KubeObject, kind: ObjectKind, items: ReadonlyMap<string, KubeObject>): Picture {
    const spec = record(object['spec'])
    const selector = readSelector(spec['selector'], kind === 'replicationcontroller')
    const replicas = replicasOf(object, kind)
    const scaledDown = replicas === 0 ? workloadOf(object, kind) : undefined
    return { kind: 'seen', ...(replicas !== undefined && { replicas }), ...(scaledDown && { scaledDown }), pods: selected(items, selector) }
  }

  #ofService(object: KubeObject, items: ReadonlyMap<string, KubeObject>): Seen {
    const spec = record(object['spec'])
    const service = serviceFacts(spec)
    const selector = readSelector(spec['selector'], true)
    if (selector.length === 0) return { picture: this.#ofSlices(object, service, items) }
    const pods = selected(items, selector)
    return { picture: { kind: 'seen', service, pods }, ...(pods.every(isOver) && { question: { about: 'scale', selector } }) }
  }

  /** A service whose endpoints somebody else keeps. */
  #ofSlices(object: KubeObject, service: ServiceFacts, items: ReadonlyMap<string, KubeObject>): Picture {
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

const scalable: readonly ObjectKind[] = ['deployment', 'statefulset', 'replicaset', 'replicationcontroller']

/** What can be scaled, as it is named; undefined for what has other reasons to have no pod. */
function workloadOf(object: KubeObject, kind: ObjectKind): Workload | undefined {
  if (!scalable.includes(kind)) return undefined
  const owner = records(metadata(object)['ownerReferences']).find(({ controller }) => controller === true)
  return { kind, name: nameOf(object), ...(owner && { owner: escapeForeign(`${String(owner['kind']).toLowerCase()}/${String(owner['name'])}`) }) }
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
