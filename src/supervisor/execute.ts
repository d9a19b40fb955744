/**
 * Does what a plan says, and nothing else: every new claim on a local endpoint is taken
 * before any old one is given back, so that two forwards may swap their ports.
 */
import type { Forward } from '../file/forward.ts'
import type { LiveForward } from './live-forward.ts'
import { isRetargeted, type Operation } from './plan.ts'

/** The running forwards, as far as executing goes. */
export interface Stage {
  get(name: string): LiveForward | undefined
  create(spec: Forward): LiveForward
  /** Lets go of one whose name and ports another has taken. */
  ended(old: LiveForward): void
  rename(from: string, to: string): LiveForward | undefined
  remove(name: string): void
}

/** Executes the operations of one plan in one go. */
export function execute(operations: readonly Operation[], desired: readonly Forward[], stage: Stage): void {
  const specs = new Map(desired.map((forward) => [forward.name, forward]))
  const commits: (() => void)[] = []
  for (const operation of operations) {
    const spec = specs.get(operation.forward)
    switch (operation.kind) {
      case 'start':
        if (spec) commits.push(started(stage.create(spec)))
        break
      case 'rename': {
        const forward = stage.rename(operation.from ?? operation.forward, operation.forward)
        if (forward && spec) commits.push(() => forward.commit(spec, false))
        break
      }
      case 'update':
      case 'retarget':
      case 'rebind': {
        const forward = stage.get(operation.forward)
        if (forward && spec) commits.push(forward.isOver ? replaced(forward, spec, stage) : prepared(forward, spec))
        break
      }
      case 'stop':
        commits.push(() => stage.remove(operation.forward))
        break
    }
  }
  for (const commit of commits) commit()
}

function started(forward: LiveForward): () => void {
  forward.bind()
  return () => forward.start()
}

/** An edit is a reason to try again for one that had stopped or given up. */
function replaced(old: LiveForward, spec: Forward, stage: Stage): () => void {
  const start = started(stage.create(spec))
  return () => {
    stage.ended(old)
    start()
  }
}

function prepared(forward: LiveForward, spec: Forward): () => void {
  const retargets = isRetargeted(forward.spec, spec)
  forward.prepare(spec)
  return () => forward.commit(spec, retargets)
}
