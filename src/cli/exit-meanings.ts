/** What the exit codes mean, in a few words each: for help and the documents. */
import { exitCodes } from './exit-codes.ts'

/** All that are decided on; those of verbs to come are shown once a verb uses them. */
const meanings: Readonly<Record<number, string>> = {
  0: 'done, also after Ctrl-C when all connections had their time to finish',
  1: 'failed at run time',
  2: 'wrong usage, or a forwards file that is not valid',
  3: 'some forwards are not ready',
  4: 'credentials or permission',
  5: 'the cluster cannot be reached',
  6: 'a local port or address cannot be used',
  7: 'the project is run by a supervisor that cannot be reached',
  8: 'no supervisor is running',
  9: 'the file asks for something that needs your approval first',
  10: 'the plan differs from what runs (`kpf plan --exit-code`)',
  70: 'an error in kpf itself: please report it',
  124: 'timed out',
  125: 'kpf itself failed before or beside the command that it ran',
  126: 'the command to run cannot be executed',
  127: 'the command to run was not found',
  130: 'forced by a second Ctrl-C',
  143: 'forced by a second SIGTERM',
}

/** Each code in use, with its meaning, from the smallest. */
export function exitMeanings(): readonly (readonly [number, string])[] {
  return [...new Set<number>(Object.values(exitCodes))].toSorted((a, b) => a - b).map((code) => [code, exitMeaning(code)] as const)
}

/** The meaning of one code; empty for one that nobody has decided on. */
export function exitMeaning(code: number): string {
  return meanings[code] ?? ''
}
