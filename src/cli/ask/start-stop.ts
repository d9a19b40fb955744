/** `kpf start`, `stop`, `restart`, `reload`: what runs, without touching the file. */
import type { AppliedBody } from '../../control/shapes.ts'
import { ofProcess } from '../../control/terms.ts'
import { problemsText } from '../../output/problem-text.ts'
import { type Context, say, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { reach, tell } from './reach.ts'

const done = { start: 'started', stop: 'stopped', restart: 'restarted' } as const

/** Runs one of the three. */
export async function act(context: Context, verb: keyof typeof done): Promise<number> {
  const reached = await reach(context)
  if (reached.kind === 'ended') return reached.code
  const told = await tell(context, reached.owner, { method: 'POST', path: `/v1/${verb}`, body: { names: context.words } })
  if (told.kind === 'ended') return told.code
  const names = namesOf(told.body)
  say(context, names.length === 0 ? `nothing to ${verb}\n` : `${done[verb]}: ${names.join(', ')}\n`)
  return exitCodes.done
}

/** Runs `kpf reload`. */
export async function reload(context: Context): Promise<number> {
  const reached = await reach(context)
  if (reached.kind === 'ended') return reached.code
  const told = await tell(context, reached.owner, { method: 'POST', path: '/v1/reload' }, RELOAD_MS)
  return told.kind === 'ended' ? told.code : tellApplied(context, told.body)
}

/** Many files on a slow disk. */
export const RELOAD_MS = 30_000

/** Says what became of a file, with the exit code of `kpf up` for the same. */
export function tellApplied(context: Context, body: unknown): number {
  // The answer's version was looked at: these routes have no other shape.
  const outcome = body as AppliedBody
  if (outcome.kind === 'rejected') {
    context.err(`not applied, what runs goes on\n${problemsText(outcome.problems, { width: widthFor(context) })}\n`)
    return outcome.needsApproval ? exitCodes.approval : exitCodes.usage
  }
  if (outcome.differs?.length) tellDiffering(context, outcome.differs)
  say(context, `applied: ${outcome.summary}\n`)
  if (outcome.orphans.length > 0) say(context, `kept, though not in the file: ${outcome.orphans.join(', ')}\n`)
  return exitCodes.done
}

/** A second command line counts, as with compose; the clusters of the first one's environment are open already. */
function tellDiffering(context: Context, differs: readonly string[]): void {
  const kept = differs.filter((what) => ofProcess.some((name) => what === `$${name}`))
  const taken = differs.filter((what) => !kept.includes(what))
  if (taken.length > 0) say(context, `read with other ${taken.join(', ')} than before\n`)
  if (kept.length === 0) return
  const fix = `to change that: kpf down, then kpf up${kept.includes('$KUBECONFIG') ? '; for a kubeconfig alone: kpf up --kubeconfig PATH' : ''}`
  context.err(`kpf: it was started with another ${kept.join(', ')}, and goes on with that\n    ${fix}\n`)
}

function namesOf(body: unknown): readonly string[] {
  const names: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'names') : []
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : []
}
