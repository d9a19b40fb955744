/** What `describe` is told of a target: the pod in use, or why there is none. Pure. */
import type { Picked } from '../cluster/pick.ts'
import type { Picture, PodFacts } from '../cluster/picture.ts'
import type { LaneFacts } from '../tunnel/pool.ts'
import type { ForwardFacts, TargetFacts } from './describe.ts'
import type { Move, PodName } from './events.ts'
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

/** Whether the pod in use has restarted between two pictures, or has become ready. */
export function isBack(backend: Backend | undefined, before: Picture, now: Picture): boolean {
  const [was, is] = backend === undefined ? [] : [seenPod(before, backend), seenPod(now, backend)]
  return was !== undefined && is !== undefined && (is.restarts > was.restarts || (is.ready && !was.ready))
}

/** Whether streams can be opened on a lane. */
export function isOpen(facts: LaneFacts): boolean {
  return facts.state === 'open' || facts.state === 'suspect'
}

/** Why a pod that is seen so now is left for another. */
export function whyLeft(pod: PodFacts | undefined, lane: 'open' | 'lost'): Move['why'] {
  if (pod === undefined || pod.terminating) return 'ending'
  if (lane === 'lost') return 'lost'
  return pod.ready ? 'replaced' : 'unready'
}

/** The pod's name, with its image. */
export function nameOf(backend: Backend): PodName {
  return { pod: backend.pod.name, ...(backend.image !== undefined && { image: backend.image }) }
}
