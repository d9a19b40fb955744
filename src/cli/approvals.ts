/** Approvals of what files of others want to do: remembered by path and by what is risky. */
import type { Loaded } from '../file/load.ts'
import { digest, ownStateFolder, readState, writeState } from '../system/state.ts'
import { realPathOf } from '../system/files.ts'
import { ask, canAsk } from './ask.ts'
import { type Context, isSet, textFlags } from './context.ts'

const FILE = 'approved.json'

/** Files under approval, by their real paths. */
export interface Approvals {
  /** Whether all this was approved, of just these files. */
  readonly has: (risks: readonly string[]) => boolean
  /** Remembers it; the reason when it cannot. */
  readonly add: (risks: readonly string[]) => Promise<string | undefined>
}

/** What was approved of the files at those paths. */
export async function approvalsOf(context: Context, paths: readonly string[]): Promise<Approvals> {
  const folder = ownStateFolder(context.env, context.home)
  const key = (await Promise.all(paths.map(realPathOf))).join('\n')
  const known = entriesOf(await readState(folder, FILE))
  // Standard input is nobody's file: what came through it last time says nothing of this time.
  const isFile = !paths.includes('-')
  let ofThisRun: string | undefined
  return {
    has: (risks) => {
      const wanted = digest(`${key}\n${risks.join('\n')}`)
      return wanted === ofThisRun || (isFile && known[key] === wanted)
    },
    async add(risks) {
      ofThisRun = digest(`${key}\n${risks.join('\n')}`)
      if (!isFile) return 'standard input cannot be remembered'
      const now = { ...entriesOf(await readState(folder, FILE)), [key]: ofThisRun }
      return writeState(folder, FILE, `${JSON.stringify({ v: 1, approved: now }, undefined, 2)}\n`)
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
  if (loaded.kind === 'loaded' || !loaded.needsApproval || !canAsk(context)) return loaded
  context.err(risksText(found.shownAs, loaded.risks))
  if (!(await ask(context, 'approve this?'))) return loaded
  const failed = await approvals.add(loaded.risks)
  if (failed !== undefined) context.err(`kpf: the approval holds for this run only: ${failed}\n`)
  return again()
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
