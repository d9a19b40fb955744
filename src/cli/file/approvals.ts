/** Approvals of what files of others want to do: remembered by path and by what is risky. */
import { join } from 'node:path'
import type { Loaded } from '../../file/load.ts'
import { digest, ownStateFolder, readState, writeState } from '../../system/state.ts'
import { realPathOf } from '../../system/files.ts'
import { ask, canAsk } from '../ask.ts'
import { type Context, isSet, textFlags } from '../context.ts'

const FILE = 'approved.json'
/** Of one project: files outside of it are approved before what is in them. */
const MAX_REMEMBERED = 4

/** Files under approval, by their real paths. */
export interface Approvals {
  /** Whether all this was approved, of just these files. */
  readonly has: (risks: readonly string[]) => boolean
  /** Remembers it; the reason when it cannot. */
  readonly add: (risks: readonly string[]) => Promise<string | undefined>
  /** Looks again at what was approved meanwhile, by somebody else. */
  readonly refresh: () => Promise<void>
  /** Where it is remembered, to be watched. */
  readonly path: string
}

/** What was approved of the files at those paths. */
export async function approvalsOf(context: Context, paths: readonly string[]): Promise<Approvals> {
  const folder = ownStateFolder(context.env, context.home)
  const key = (await Promise.all(paths.map(realPathOf))).join('\n')
  // Standard input is nobody's file: what came through it last time says nothing of this time.
  const isFile = !paths.includes('-')
  const read = async (): Promise<readonly string[]> => (isFile ? listOf(entriesOf(await readState(folder, FILE))[key]) : [])
  const ofThisRun = new Set<string>()
  let known = await read()
  const nameOf = (risks: readonly string[]): string => digest(`${key}\n${risks.join('\n')}`)
  return {
    path: join(folder, FILE),
    has: (risks) => ofThisRun.has(nameOf(risks)) || known.includes(nameOf(risks)),
    async refresh() {
      known = await read()
    },
    async add(risks) {
      ofThisRun.add(nameOf(risks))
      if (!isFile) return 'standard input cannot be remembered'
      const all = entriesOf(await readState(folder, FILE))
      const own = [...new Set([...listOf(all[key]), nameOf(risks)])].slice(-MAX_REMEMBERED)
      return writeState(folder, FILE, `${JSON.stringify({ v: 1, approved: { ...all, [key]: own } }, undefined, 2)}\n`)
    },
  }
}

/** What would be approved, in the words of a question. */
export function risksText(shownAs: string, risks: readonly string[]): string {
  return `${shownAs} wants to\n${risks.map((risk) => `  - ${risk}\n`).join('')}`
}

/** How to approve the files of this command line. */
export function trustCommand(context: Context): string {
  return ['kpf trust', ...textFlags(context.flags, 'file').map((file) => `-f ${file}`)].join(' ')
}

/** Asks where somebody can be asked; `--yes` is the answer. Undefined when nobody answers. */
export async function approved(context: Context, question: string): Promise<boolean | undefined> {
  if (isSet(context.flags, 'yes')) return true
  return canAsk(context) ? ask(context, question) : undefined
}

/** The files again, when somebody who was asked about them has said yes; that is remembered. */
export async function approvedFiles(
  context: Context,
  { found, loaded, approvals }: { readonly found: { readonly shownAs: string }; readonly loaded: Loaded; readonly approvals: Approvals },
  again: () => Promise<Loaded>,
): Promise<Loaded> {
  let last = loaded
  // What is in a file outside of the project is asked about when the file itself was.
  while (last.kind === 'rejected' && last.needsApproval && canAsk(context) && !approvals.has(last.risks)) {
    context.err(risksText(found.shownAs, last.risks))
    if (!(await ask(context, 'approve this?'))) return last
    const failed = await approvals.add(last.risks)
    if (failed !== undefined) context.err(`kpf: the approval holds for this run only: ${failed}\n    mend that and approve it with: ${trustCommand(context)}\n`)
    last = await again()
  }
  return last
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}

function entriesOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    const inner: unknown = typeof value === 'object' && value !== null && 'approved' in value ? value.approved : undefined
    return typeof inner === 'object' && inner !== null ? { ...inner } : {}
  } catch {
    // A broken memory is none: everything is asked again.
    return {}
  }
}
