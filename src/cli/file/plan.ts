/** `kpf plan`: what `up` would do with the files, and why; against what runs, when the project does. Nothing is started. */
import type { PlannedBody } from '../../control/shapes.ts'
import type { Terms } from '../../control/terms.ts'
import type { Forward } from '../../file/forward.ts'
import type { Loaded } from '../../file/load.ts'
import { problemsText } from '../../output/problem-text.ts'
import { localText, targetText } from '../../output/words.ts'
import { type Operation, plan, printPlan } from '../../supervisor/plan.ts'
import { askWithin } from '../ask/asking.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { unknownForward } from '../unknown-forward.ts'
import { openFiles } from './project-file.ts'
import { heard, livingOwner } from '../ask/reach.ts'
import { RELOAD_MS } from '../ask/start-stop.ts'
import { termsOf } from './terms.ts'

/** Runs the verb. */
export async function planVerb(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'text'
  const opened = await openFiles(context, context.words)
  if (opened.kind === 'ended') return opened.code
  const { found, loaded, snapshot } = opened
  if (loaded.kind === 'rejected') return refused(context, loaded)
  const { forwards } = loaded.project
  const unknown = unknownForward(context.words, forwards, found.shownAs)
  if (unknown !== undefined) return mistake(context, unknown)
  const stdin = snapshot.get('-')
  const terms = termsOf(
    context,
    loaded.variables.map(({ name }) => name),
  )
  const running = await byOwner(context, { terms, content: stdin?.kind === 'read' ? Buffer.from(stdin.bytes).toString('utf8') : undefined })
  if (running?.kind === 'ended') return running.code
  if (running?.kind === 'rejected') return refused(context, running)
  const { plan: operations, kept, resting } = running ?? fromNothing(forwards)
  if (output === 'json') {
    const summary = printPlan(operations, kept.length)
    context.out(`${JSON.stringify({ v: 1, isRunning: running !== undefined, plan: operations, kept, resting, summary }, undefined, 2)}\n`)
  } else context.out(planText({ operations, kept, resting }, loaded))
  return operations.length > 0 && isSet(context.flags, 'exit-code') ? exitCodes.differs : exitCodes.done
}

function refused(context: Context, { problems, needsApproval }: Pick<Extract<Loaded, { kind: 'rejected' }>, 'problems' | 'needsApproval'>): number {
  context.err(`${problemsText(problems, { width: widthFor(context) })}\n`)
  return needsApproval ? exitCodes.approval : exitCodes.usage
}

/**
 * The supervisor's own answer, when one runs the project: it reads the files as `up`
 * would have it do, with what this command line says beside them.
 */
async function byOwner(
  context: Context,
  { content, terms }: { readonly content: string | undefined; readonly terms: Terms },
): Promise<PlannedBody | { readonly kind: 'ended'; readonly code: number } | undefined> {
  const owner = await livingOwner(context)
  if (owner === undefined) return undefined
  const body = { names: context.words, terms, ...(content !== undefined && { content }) }
  const asked = await askWithin(owner.socket, { method: 'POST', path: '/v1/plan', body }, RELOAD_MS)
  // One that is ending is waited for by `up`, which then begins with nothing.
  if (asked.kind === 'answered' && asked.code === 409) return undefined
  const told = await heard(context, owner, asked)
  // What answers 200 or 422 to this question is the body of the route.
  return told.kind === 'ended' ? told : (told.body as PlannedBody)
}

function fromNothing(forwards: readonly Forward[]): {
  readonly plan: readonly Operation[]
  readonly kept: readonly string[]
  readonly resting: readonly string[]
} {
  return { plan: plan(forwards, []), kept: [], resting: forwards.filter(({ enabled }) => !enabled).map(({ name }) => name) }
}

function planText(
  { operations, kept, resting }: { readonly operations: readonly Operation[]; readonly kept: readonly string[]; readonly resting: readonly string[] },
  { project, redact }: Extract<Loaded, { kind: 'loaded' }>,
): string {
  const lines = operations.map(({ kind, forward: name, cause }) => {
    const forward = project.forwards.find((candidate) => candidate.name === name)
    const what = forward === undefined || kind === 'stop' ? '' : `  ${redact(targetText(forward))} on ${localText(forward).replaceAll('?', 'auto')}`
    return `${signs[kind]} ${name}${what}  (${redact(cause)})\n`
  })
  const rest = [
    ...(kept.length > 0 ? [`= ${kept.join(', ')}  (not touched)\n`] : []),
    ...(resting.length > 0 ? [`not started: ${resting.join(', ')}\n`] : []),
    ...(operations.length === 0 ? ['nothing to do\n'] : []),
  ]
  return [...lines, ...rest].join('')
}

/** As in the summary of a reload. */
const signs: Readonly<Record<Operation['kind'], string>> = { start: '+', stop: '-', update: '~', retarget: '~', rebind: '~', rename: '~' }
