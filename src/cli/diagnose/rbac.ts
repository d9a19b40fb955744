/** `kpf rbac`: the least Role for the file's forwards, or a check whether the user has it. */
import { roleCommand } from '../../cluster/role-hint.ts'
import { printable } from '../../file/printable.ts'
import { problemsText } from '../../output/problem-text.ts'
import { checkAreas, type CheckedArea, checkData, checkText } from '../../rbac/check.ts'
import { type Grant, grantsList, grantsText, PLACEHOLDER, type Subject, subjectOf } from '../../rbac/role.ts'
import { type Area, survey } from '../../rbac/survey.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodeOfClass, exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { NO_FILE } from '../file/project-file.ts'
import { type Wanted, wantedForwards } from '../file/wanted.ts'
import { clustersFor } from '../world.ts'
import { type Mistake, mistake } from '../mistake.ts'

/** Runs the verb. */
export async function rbac(context: Context): Promise<number> {
  const isCheck = isSet(context.flags, 'check')
  const output = textFlag(context.flags, 'output') ?? (isCheck ? 'text' : 'yaml')
  const outputs = isCheck ? ['text', 'json'] : ['yaml', 'json']
  if (!outputs.includes(output))
    return mistake(context, { message: `rbac ${isCheck ? '--check ' : ''}knows no output "${output}"`, fix: `use ${outputs.join(' or ')}`, flag: 'output' })
  const subject = subjectFlag(context)
  if (subject !== undefined && 'fix' in subject) return mistake(context, subject)
  const wanted = await wantedForwards(context)
  if (wanted.kind !== 'forwards') return complain(context, wanted)
  const clusters = clustersFor(context, 8, (text) => context.err(`kpf: ${text}\n`))
  const interrupted = interruption(context)
  try {
    const areas = await survey(wanted.forwards, { clusters, signal: interrupted.signal })
    const checked = isCheck ? await checkAreas(areas, interrupted.signal) : undefined
    const forced = interrupted.code()
    if (forced !== undefined) return forced
    if (checked !== undefined) return printCheck(checked, output, context)
    const grants = grantsOf(areas, roleName(wanted.project, context.words), subject)
    context.out(output === 'json' ? `${JSON.stringify(grantsList(grants), undefined, 2)}\n` : `${head(wanted, areas)}${grantsText(grants)}\n`)
    return exitCodes.done
  } finally {
    interrupted.over()
    await clusters.close()
  }
}

function head({ forwards, from }: Wanted & { readonly kind: 'forwards' }, areas: readonly Area[]): string {
  const count = forwards.length === 1 ? '1 forward' : `${forwards.length} forwards`
  const contexts = new Set(areas.map(({ cluster }) => cluster?.contextName))
  const each = contexts.size > 1 ? '\n# It is for more than one cluster: apply each part with its own --context.' : ''
  return `# The least that kpf needs for ${count} of ${from}.\n# To be applied by somebody who may grant it: kubectl apply -f FILE${each}\n`
}

function printCheck(areas: readonly CheckedArea[], output: string, context: Context): number {
  const denied = areas.flatMap(({ checks }) => checks.filter(({ answer }) => answer === 'no'))
  context.out(output === 'json' ? `${JSON.stringify(checkData(areas), undefined, 2)}\n` : `${checkText(areas)}\n`)
  if (output === 'text' && denied.length > 0)
    context.err(`kpf: ${denied.length} of what is needed is not allowed\n    ask for the role that this prints: ${roleCommand(sameWords(context))}\n`)
  const failed = areas.find(({ failure }) => failure !== undefined)?.failure
  if (denied.length > 0) return exitCodes.credentials
  return failed === undefined ? exitCodes.done : exitCodeOfClass(failed.class)
}

/** What was checked, as it is to be typed again. */
function sameWords({ flags, words }: Context): string {
  const named = (['namespace', 'context'] as const).flatMap((flag) =>
    [textFlag(flags, flag)].flatMap((value) => (value === undefined ? [] : [`--${flag}`, value])),
  )
  return [...named, ...words].map(printable).join(' ')
}

function grantsOf(areas: readonly Area[], base: string, subject: Subject | undefined): readonly Grant[] {
  const taken = new Map<string, number>()
  return areas.map(({ cluster, namespace, needs, user, notes }) => {
    const place = JSON.stringify([cluster?.server, namespace])
    const count = (taken.get(place) ?? 0) + 1
    taken.set(place, count)
    // Two users of one namespace: their Roles must not overwrite each other.
    const name = `${base}${count === 1 ? '' : `-${count}`}`
    const unknown = subject === undefined && user === undefined ? [`nobody could say who the user is: put a name for ${PLACEHOLDER}, or use --for-user`] : []
    return { name, namespace, needs, subject: subject ?? subjectOf('User', user ?? PLACEHOLDER), notes: [...notes, ...unknown] }
  })
}

/** For some forwards of a file another name than for all: to apply the one must not take away what the other granted. */
function roleName(project: string, names: readonly string[]): string {
  const isTarget = names[0]?.includes('/') === true
  const parts = isTarget ? [names[0] ?? ''] : [project, ...names.toSorted()]
  const label = parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return `kpf-${label.slice(0, 50).replace(/^-+|-+$/g, '') || 'forwards'}`
}

function subjectFlag({ flags }: Context): Subject | Mistake | undefined {
  const user = textFlag(flags, 'for-user')
  const group = textFlag(flags, 'for-group')
  const account = textFlag(flags, 'for-service-account')
  const given = [user, group, account].filter((value) => value !== undefined)
  if (given.length > 1) return { message: 'a binding has one subject here', fix: 'give one of --for-user, --for-group and --for-service-account' }
  if (given.includes('')) return { message: 'a subject has a name', fix: 'write it: --for-user NAME' }
  if (account !== undefined) {
    const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(account) ?? []
    if (namespace === undefined || name === undefined)
      return { message: `"${printable(account)}" is no service account`, fix: 'write NAMESPACE/NAME', flag: 'for-service-account' }
    return { kind: 'ServiceAccount', namespace, name }
  }
  if (group !== undefined) return subjectOf('Group', group)
  return user === undefined ? undefined : subjectOf('User', user)
}

function complain(context: Context, wanted: Exclude<Wanted, { readonly kind: 'forwards' }>): number {
  switch (wanted.kind) {
    case 'no-file':
      return mistake(context, NO_FILE)
    case 'rejected':
      context.err(`${problemsText(wanted.problems, { width: widthFor(context) })}\n`)
      return wanted.needsApproval ? exitCodes.approval : exitCodes.usage
    case 'mistake':
      return mistake(context, wanted)
  }
}
