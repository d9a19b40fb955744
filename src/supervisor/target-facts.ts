/** What `describe` is told of a target: the pod in use, or why there is none. Pure. */
import type { Cluster } from '../cluster/cluster-api.ts'
import type { Picked } from '../cluster/pick.ts'
import type { Picture, PodFacts } from '../cluster/picture.ts'
import type { LaneFacts } from '../tunnel/pool.ts'
import type { ForwardFacts, TargetFacts } from './describe.ts'
import type { Move, Place, PodName } from './events.ts'
import type { ObstacleFacts } from './obstacle.ts'

/** A pod that was picked, with its ports. */
export type Backend = Extract<Picked, { kind: 'backend' }>

/** What a follower knows. */
export type FollowedFacts = Pick<ForwardFacts, 'clusterFailure' | 'gate' | 'place' | 'target' | 'lane' | 'switching' | 'wasOpen'> & ObstacleFacts

/** The facts of a target. `backend` is the pod in use, whatever would be picked now. */
export function targetFacts(known: {
  readonly backend: Backend | undefined
  readonly picked: Picked | undefined
  readonly picture: Picture
  readonly requireReady: boolean
}): TargetFacts {
  const { backend, picked, picture } = known
  if (backend) {
    const pod = seenPod(picture, backend)
    const isUnready = known.requireReady && pod !== undefined && !pod.ready && !pod.terminating
    const unready = isUnready ? { unready: `pod "${backend.pod.name}" is not ready${pod.trouble === undefined ? '' : `: ${pod.trouble}`}` } : {}
    return { kind: 'picked', ...nameOf(backend), ...unready, ...(picked?.kind === 'failure' && { unseen: picked }) }
  }
  if (picked === undefined || picture.kind === 'unknown' || picked.kind === 'backend') return { kind: 'unknown' }
  if (picked.kind === 'failure') return picked
  return { kind: 'none', reason: picked.reason, coming: picked.coming, ...(picked.hint !== undefined && { hint: picked.hint }) }
}

/** The pod as the watch shows it now. */
export function seenPod(picture: Picture, backend: Backend): PodFacts | undefined {
  return picture.kind === 'seen' ? picture.pods.find((pod) => pod.uid === backend.pod.uid) : undefined
}

/** Whether a picture says that the pod is no more; one of another place, or of nothing, does not. */
export function isGone(picture: Picture, { pod: { uid } }: Backend): boolean {
  if (picture.kind === 'failure') return picture.living !== undefined && !picture.living.includes(uid)
  return picture.kind === 'seen'
}

/** Whether the pod in use has restarted between two pictures, or has become ready. */
export function isBack(backend: Backend | undefined, before: Picture, now: Picture): boolean {
  const [was, is] = backend === undefined ? [] : [seenPod(before, backend), seenPod(now, backend)]
  return was !== undefined && is !== undefined && (is.restarts > was.restarts || (is.ready && !was.ready))
}

/** Whether streams can be opened on a lane. */
export function isOpen(facts: LaneFacts): boolean {
  return facts.state === 'open' || facts.state === 'suspect'
}

/** A pod in use, and where. */
export interface Served {
  readonly backend: Backend
  readonly cluster: Cluster
}

/** Where the pod in use is; the kubeconfig may mean another place by now. */
export function placeOf({ backend, cluster }: Served): Place {
  return { context: cluster.contextName, namespace: backend.pod.namespace }
}

/** A pod is left for another, and is seen so now. */
export function moveOf(old: Served, next: Served, { picture, lane }: { readonly picture: Picture; readonly lane: LaneFacts }): Move {
  const names = { from: nameOf(old.backend), to: nameOf(next.backend) }
  if (old.cluster !== next.cluster || old.backend.pod.namespace !== next.backend.pod.namespace) {
    return { ...names, why: 'elsewhere', places: { from: placeOf(old), to: placeOf(next) } }
  }
  return { ...names, why: whyLeft(seenPod(picture, old.backend), lane) }
}

function whyLeft(pod: PodFacts | undefined, lane: LaneFacts): Move['why'] {
  // It may run on, with other labels.
  if (pod === undefined) return 'gone'
  if (pod.terminating) return 'ending'
  if (!isOpen(lane)) return 'lost'
  return pod.ready ? 'replaced' : 'unready'
}

/** The pod's name, with its image. */
export function nameOf(backend: Backend): PodName {
  return { pod: backend.pod.name, ...(backend.image !== undefined && { image: backend.image }) }
}
