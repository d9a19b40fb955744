/** Clusters that are protected: somebody is asked once per run before anything is started there. */
import type { Forward, Project } from '../../file/forward.ts'
import type { Loaded, Snapshot } from '../../file/load.ts'
import type { Problem } from '../../file/problems.ts'
import { approved } from '../file/approvals.ts'
import type { Context } from '../context.ts'

type Read = { readonly loaded: Loaded; readonly snapshot: Snapshot }

/**
 * Asks about the protected forwards of a project. What it returns lets later readings
 * through that have no other ones; undefined when nobody said yes, and that was told.
 */
export async function protectedGuard(context: Context, project: Project): Promise<((read: Read) => Read) | undefined> {
  const asked = new Set(guarded(project).map(keyOf))
  if (asked.size > 0) {
    const names = guarded(project).map(({ name }) => `"${name}"`)
    context.err(`${names.join(', ')}: ${names.length === 1 ? 'its cluster is' : 'their clusters are'} protected (${[...asked].join(', ')})\n`)
    const answer = await approved(context, 'start?')
    if (answer === undefined) context.err('kpf: nobody can be asked here\n    start it with: kpf up --yes\n')
    if (answer !== true) return undefined
  }
  return (read) => {
    const { loaded } = read
    if (loaded.kind === 'rejected') return read
    const strangers = guarded(loaded.project).filter((forward) => !asked.has(keyOf(forward)))
    if (strangers.length === 0) return read
    return { ...read, loaded: { ...loaded, kind: 'rejected', problems: strangers.map(problemOf), needsApproval: true } }
  }
}

function guarded({ forwards }: Project): readonly Forward[] {
  return forwards.filter((forward) => forward.enabled && forward.protected === true)
}

/** Where it leads: who has said yes to a place has said yes to its forwards. */
function keyOf({ access }: Forward): string {
  return `${access.context ?? 'the current context'}${access.namespace === undefined ? '' : `/${access.namespace}`}`
}

function problemOf({ name, position }: Forward): Problem {
  return {
    ...position,
    code: 'KPF_PROTECTED',
    message: `the cluster of forward "${name}" is protected, and nobody was asked about it`,
    fix: 'start kpf up again',
    kind: 'approval',
  }
}
