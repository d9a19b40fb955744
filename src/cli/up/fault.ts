/** A bug that is met in a turn of the event loop, where nobody catches it: what is open is closed before it is told. */
import { type Clock, realClock } from '../../system/clock.ts'
import { atFault } from '../../system/at-fault.ts'

/** What is broken may not close: then the end of the process has to do. */
const CLOSES_MS = 1_000

/** What is asked to end. */
export interface Work<T> {
  readonly run: () => Promise<T>
  /** Ends it soon, whatever it is about. */
  readonly close: (fault: unknown) => void
}

/** Where time and faults come from. */
export interface FaultParts {
  readonly clock: Clock
  readonly hearFaults: typeof atFault
}

/** The result of the work. A fault meanwhile has it closed, and is then what comes of it, where all others are told. */
export async function closedAtFault<T>({ run, close }: Work<T>, { clock, hearFaults }: FaultParts = { clock: realClock, hearFaults: atFault }): Promise<T> {
  const met: unknown[] = []
  const late = Promise.withResolvers<'late'>()
  const over = new AbortController()
  const off = hearFaults((fault) => {
    // What follows says less than the first.
    if (met.push(fault) > 1) return
    void clock.sleep(CLOSES_MS, over.signal).then((isLate) => isLate && late.resolve('late'))
    close(fault)
  })
  try {
    const work = run()
    // A work that fails since it was closed is not what is told.
    await Promise.race([Promise.allSettled([work]), late.promise])
    if (met.length > 0) throw met[0]
    return await work
  } finally {
    off()
    over.abort()
  }
}
