/**
 * Does what a plan says, and nothing else: every new claim on a local endpoint is taken
 * before any old one is given back, so that two forwards may swap their ports.
 */
import type { Forward } from '../file/forward.ts'
import type { LiveForward } from './live-forward.ts'
import type { Operation } from './plan.ts'

/** The running forwards, as far as executing goes. */
export interface Stage {
  get(name: string): LiveForward | undefined
  create(spec: Forward): LiveForward
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
        if (forward && spec) commits.push(prepared(forward, spec))
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

function prepared(forward: LiveForward, spec: Forward): () => void {
  const retargets = aimOf(forward.spec) !== aimOf(spec)
  forward.prepare(spec)
  return () => forward.commit(spec, retargets)
}

/** What decides about pod and lane: a change of it means another follower. */
function aimOf(spec: Forward): string {
  const ports = spec.ports.map(({ remotePort, meaning }) => ({ remotePort, meaning }))
  const { access, target, transport, requireReady, backoff, timeouts } = spec
  return JSON.stringify({ access, target, transport, requireReady, backoff, timeouts, ports })
}
