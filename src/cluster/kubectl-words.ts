/** Commands of kubectl as a hint gives them: to be pasted into a shell. Pure. */
import type { ObjectKind } from './picture.ts'

/** Where an object is, for kubectl. */
export interface KubectlPlace {
  readonly context: string
  readonly namespace: string
}

/** `-n shop --context dev` */
export function whereText({ namespace, context }: KubectlPlace): string {
  return `-n ${word(namespace)} --context ${word(context)}`
}

/** `kubectl get services -n shop --context dev` */
export function getText(kind: ObjectKind, place: KubectlPlace): string {
  return `kubectl get ${kind}s ${whereText(place)}`
}

/** `kubectl describe service web -n shop --context dev` */
export function describeText(kind: ObjectKind, name: string, place: KubectlPlace): string {
  return `kubectl describe ${kind} ${word(name)} ${whereText(place)}`
}

/** A context may be called anything: what a shell would not take for one word is quoted as POSIX has it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
