/** `kpf doctor`: what is wrong, and what to do, before anything is opened. */
import { examine } from '../../doctor/examine.ts'
import type { FileFacts } from '../../doctor/facts.ts'
import type { Finding } from '../../doctor/finding.ts'
import type { Machine } from '../../doctor/gather-machine.ts'
import { reportData, reportText } from '../../doctor/report.ts'
import { isoTime } from '../../supervisor/iso-time.ts'
import { realClock } from '../../system/clock.ts'
import { realFiles } from '../../system/files.ts'
import { findHolder } from '../../system/holder.ts'
import { descriptorLimit } from '../../system/limits.ts'
import { probePort } from '../../system/probe-port.ts'
import { ownProgram, programsNamed } from '../../system/programs.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodeOfTrouble, exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { type Own, ownPorts } from '../ask/own-ports.ts'
import { flagsOf } from '../file/project-file.ts'
import { type Wanted, wantedForwards } from '../file/wanted.ts'
import { clustersFor } from '../world.ts'
import { mistake } from '../mistake.ts'

/** Runs the verb. */
export async function doctor(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'text'
  const wanted = await wantedForwards(context)
  if (wanted.kind === 'mistake') return mistake(context, wanted)
  // What it would warn of is among the findings.
  const clusters = clustersFor(context, 8, () => {})
  const interrupted = interruption(context)
  const timeMs = realClock.wallMs()
  const forwards = wanted.kind === 'forwards' ? wanted.forwards : []
  const findings = await examine(
    { forwards, file: fileFacts(wanted), inUse: flagsOf(context) },
    {
      machine: machineOf(context, wanted.kind === 'forwards' && wanted.isOfFile ? await ownPorts(context) : {}),
      clusters,
      clock: realClock,
      signal: interrupted.signal,
    },
  )
  interrupted.over()
  await clusters.close()
  const forced = interrupted.code()
  // Half an examination would blame whatever had not answered yet.
  if (forced !== undefined) return forced
  const exitCode = exitCodeOfFindings(findings)
  if (output === 'json') context.out(`${JSON.stringify(reportData(findings, { time: isoTime(timeMs), exitCode }), undefined, 2)}\n`)
  else context.out(`${reportText(findings, { isUtf8: context.terminal.isUtf8, isQuiet: isSet(context.flags, 'quiet'), width: widthFor(context) })}\n`)
  return exitCode
}

function machineOf({ env, home }: Context, own: Own): Machine {
  return { files: realFiles, env, home, ...own, probePort, findHolder, descriptorLimit, programsNamed, ownProgram }
}

function fileFacts(wanted: Exclude<Wanted, { readonly kind: 'mistake' }>): FileFacts {
  switch (wanted.kind) {
    case 'no-file':
      return { kind: 'none' }
    case 'rejected':
      return { kind: 'rejected', shownAs: wanted.from, problems: wanted.problems }
    case 'forwards':
      return { kind: 'read', shownAs: wanted.from, forwards: wanted.forwards.length }
  }
}

/** That of the first error. */
function exitCodeOfFindings(findings: readonly Finding[]): number {
  const first = findings.find(({ severity }) => severity === 'error')
  if (first === undefined) return exitCodes.done
  return first.trouble === undefined ? exitCodes.failed : exitCodeOfTrouble(first.trouble, exitCodes.failed)
}
