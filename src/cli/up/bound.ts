/** Whether the local ports of what runs are bound, or cannot be for now. */
import type { Row, Supervisor } from '../../supervisor/supervisor.ts'

/** Resolves once nothing is undecided, or the signal ends the waiting; with those that could not be bound. */
export async function whenBound(
  supervisor: Pick<Supervisor, 'snapshot' | 'forward' | 'subscribe' | 'onEndpoint'>,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const { promise, resolve } = Promise.withResolvers<readonly Row[]>()
  let undecided: string[] = []
  const look = (): void => {
    // A thousand ports are bound one by one: as long as one of them is not, all the others need no look.
    for (let last = undecided.at(-1); last !== undefined && !signal.aborted; last = undecided.at(-1)) {
      if (isUndecided(last, supervisor)) return
      undecided.pop()
    }
    const { rows } = supervisor.snapshot()
    undecided = rows.map(({ spec }) => spec.name).filter((name) => isUndecided(name, supervisor))
    if (undecided.length === 0 || signal.aborted) resolve(rows.filter(({ status }) => status.phase === 'port-busy' || status.phase === 'bind'))
  }
  const ends = [supervisor.onEndpoint(look), supervisor.subscribe(look)]
  signal.addEventListener('abort', look, { once: true })
  look()
  const blocked = await promise
  for (const end of ends) end()
  signal.removeEventListener('abort', look)
  return blocked
}

/** What ends or is gone is waited for no more. */
function isUndecided(name: string, supervisor: Pick<Supervisor, 'forward'>): boolean {
  const forward = supervisor.forward(name)
  if (forward === undefined || forward.status.state === 'stopping' || forward.status.state === 'stopped') return false
  return forward.bound.some(({ isDecided }) => !isDecided)
}
