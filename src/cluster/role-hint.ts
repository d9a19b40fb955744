/** Where a right is missing: the command that prints all that a forward needs. Pure. */
import type { Failure } from '../tunnel/failure.ts'
import { type KubectlPlace, whereText } from './kubectl-words.ts'
import type { TargetRef } from './picture.ts'

/**
 * The failure, with the command if it is of that kind. What was refused is one right; who
 * asks for that one alone is refused the next.
 *
 * @param words What `kpf rbac` is to be told ({@link roleWords}); nothing for all forwards.
 */
export function withRoleHint(why: Failure, words = ''): Failure {
  if (why.code !== 'KPF_FORBIDDEN') return why
  const command = `all that is needed is printed by: ${roleCommand(words)}`
  return { ...why, hint: why.hint === undefined ? command : `${why.hint}; ${command}` }
}

/** `kpf rbac api` */
export function roleCommand(words = ''): string {
  return words === '' ? 'kpf rbac' : `kpf rbac ${words}`
}

/** How `kpf rbac` is told of one forward: by its name; by its target where it stands in no file; undefined where neither will do. */
export function roleWords(
  { name, position, target }: { readonly name: string; readonly position: { readonly file: string }; readonly target: TargetRef },
  place: KubectlPlace | undefined,
): string | undefined {
  if (position.file !== '') return name
  return place && 'name' in target ? `${whereText(place)} ${target.kind}/${target.name}` : undefined
}
