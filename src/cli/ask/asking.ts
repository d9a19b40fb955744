/** Asking a supervisor with a limit of time: one that is stopped or swapped out answers nothing. */
import { ask, type Asked, type Question } from '../../control/client.ts'

/** What a supervisor under load takes at most; a drain is waited for longer. */
export const ANSWER_MS = 10_000

/** Asks once; after so long without a word it is unreachable. */
export function askWithin(socket: string, question: Question, limitMs: number = ANSWER_MS): Promise<Asked> {
  return ask(socket, { ...question, limitMs })
}
