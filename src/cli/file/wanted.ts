/** The forwards that a command line means: of the file, all or those named, or one in kubectl's words. */
import type { Forward } from '../../file/forward.ts'
import type { Problem } from '../../file/problems.ts'
import { oneForward } from './ad-hoc-forward.ts'
import type { Context } from '../context.ts'
import type { Mistake } from '../mistake.ts'
import { unknownForward } from '../unknown-forward.ts'
import { flagsOf, readApproved, theFiles } from './project-file.ts'

/** What was meant, or why there is nothing. */
export type Wanted =
  | {
      readonly kind: 'forwards'
      readonly project: string
      readonly forwards: readonly Forward[]
      readonly from: string
      /** Of the project's own; not one that would run beside it. */
      readonly isOfFile: boolean
    }
  | { readonly kind: 'no-file' }
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[]; readonly needsApproval: boolean; readonly from: string }
  | ({ readonly kind: 'mistake' } & Mistake)

/** A first word with a slash is a target of its own, with ports or none; others are names of the file. */
export async function wantedForwards(context: Context): Promise<Wanted> {
  const [first, ...more] = context.words
  if (first?.includes('/') === true) return oneTarget(first, more, context)
  const found = await theFiles(context)
  if (found === undefined) return { kind: 'no-file' }
  const { loaded } = await readApproved(context, found, context.words)
  if (loaded.kind === 'rejected') return { ...loaded, from: found.shownAs }
  const { project } = loaded
  const unknown = unknownForward(context.words, project.forwards, found.shownAs)
  if (unknown !== undefined) return { kind: 'mistake', ...unknown, fix: `${unknown.fix}; for a pod write: pod/NAME` }
  const forwards = project.forwards.filter(({ name, enabled }) => (context.words.length === 0 ? enabled : context.words.includes(name)))
  return { kind: 'forwards', project: project.name, forwards, from: found.shownAs, isOfFile: true }
}

function oneTarget(target: string, ports: readonly string[], context: Context): Wanted {
  const isBare = ports.length === 0
  const read = oneForward({ target, ports: isBare ? ['1'] : ports, access: flagsOf(context) })
  if ('fix' in read) return { kind: 'mistake', ...read }
  // A target without a port is looked at as far as that goes.
  const forward = { ...read, name: target, ...(isBare && { ports: [] }) }
  return { kind: 'forwards', project: target.split('/')[1] ?? target, forwards: [forward], from: 'the command line', isOfFile: false }
}
