/** `kpf check --live`: what the file says, held against the clusters and this machine. */
import { gatherClusters } from '../../doctor/gather-clusters.ts'
import { gatherPorts, type Machine } from '../../doctor/gather-machine.ts'
import { type Fault, liveFaults } from '../../doctor/live-rules.ts'
import type { Loaded } from '../../file/load.ts'
import type { Problem } from '../../file/problems.ts'
import { realClock } from '../../system/clock.ts'
import { findHolder } from '../../system/holder.ts'
import { probePort } from '../../system/probe-port.ts'
import type { Context } from '../context.ts'
import { exitCodeOfTrouble, exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { ownPorts } from '../ask/own-ports.ts'
import { flagsOf } from './project-file.ts'
import { clustersFor } from '../world.ts'

/** With the start of the process it is 5 s. */
const LIMIT_MS = 4_500

/** The problems, sorted by place, and the exit code of the first. */
export interface Live {
  readonly problems: readonly Problem[]
  readonly code: number
}

/** Asks everything at once; what was not answered in time is a problem of its own. */
export async function checkLive(context: Context, loaded: Extract<Loaded, { kind: 'loaded' }>): Promise<Live> {
  const forwards = loaded.project.forwards.filter(({ enabled }) => enabled)
  const clusters = clustersFor(context, 8, () => {})
  const interrupted = interruption(context)
  const [late, done] = [new AbortController(), new AbortController()]
  void realClock.sleep(LIMIT_MS, done.signal).then((isLate) => isLate && late.abort())
  const signal = AbortSignal.any([interrupted.signal, late.signal])
  const parts = { clusters, clock: realClock, env: context.env, signal }
  const asked = forwards.length === 0 ? undefined : gatherClusters(forwards, flagsOf(context), parts)
  const [gathered, ports] = await Promise.all([asked, ownPorts(context).then(({ isOurs }) => gatherPorts(forwards, machineOf(isOurs)))])
  done.abort()
  interrupted.over()
  await clusters.close()
  const forced = interrupted.code()
  // Half an answer would blame whatever had not answered yet.
  if (forced !== undefined) return { problems: [], code: forced }
  const faults = liveFaults({ timeMs: realClock.wallMs(), ports, forwards: gathered?.forwards ?? [] })
  const told = faults.map((fault) => ({ problem: problemOf(fault, loaded), code: exitCodeOfTrouble(fault.trouble, exitCodes.notReady) }))
  const sorted = told.toSorted((a, b) => byPlace(a.problem, b.problem))
  return { problems: sorted.map(({ problem }) => problem), code: sorted[0]?.code ?? exitCodes.done }
}

function machineOf(isOurs: Machine['isOurs']): Parameters<typeof gatherPorts>[1] {
  return { probePort, findHolder, ...(isOurs && { isOurs }) }
}

function problemOf({ forward, aspect, code, message, fix }: Fault, { blame, redact }: Extract<Loaded, { kind: 'loaded' }>): Problem {
  return blame(forward, aspect, { code, message: redact(message), fix: redact(fix) })
}

function byPlace(a: Problem, b: Problem): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1
}
