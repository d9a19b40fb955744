/**
 * Pods that the node said are gone, before the watch had time to tell the same.
 *
 * A mark is short: a pod that comes back under its UID (a runtime that was restarted) is
 * picked again.
 */
import type { Picture } from '../cluster/picture.ts'
import type { Clock } from '../system/clock.ts'

/** How long a mark lasts. */
export const GONE_MARK_MS = 2_000

/** The marks of one forward. */
export class GonePods {
  readonly #clock: Clock
  readonly #untilMs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  mark(uid: string): void {
    this.#untilMs.set(uid, this.#clock.now() + GONE_MARK_MS)
  }

  /** The picture as it is without them: they are there, and finished. */
  hideIn(picture: Picture): Picture {
    const now = this.#clock.now()
    for (const [uid, untilMs] of this.#untilMs) if (untilMs <= now) this.#untilMs.delete(uid)
    if (picture.kind !== 'seen' || this.#untilMs.size === 0) return picture
    return { ...picture, pods: picture.pods.map((pod) => (this.#untilMs.has(pod.uid) ? { ...pod, ready: false, terminating: true, phase: 'Failed' } : pod)) }
  }
}
