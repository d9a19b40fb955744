/** Asking a supervisor with a limit of time: one that is stopped or swapped out answers nothing. */
import { ask, type Asked, type Question } from '../control/client.ts'
import { realClock } from '../system/clock.ts'

/** What a supervisor under load takes at most; a drain is waited for longer. */
export const ANSWER_MS = 10_000

/** Asks once; without an answer in time it is unreachable. */
export async function askWithin(socket: string, question: Question, limitMs: number = ANSWER_MS): Promise<Asked> {
  const done = new AbortController()
  const late = new AbortController()
  void realClock.sleep(limitMs, done.signal).then((isLate) => {
    if (isLate) late.abort()
  })
  const asked = await ask(socket, { ...question, signal: question.signal ? AbortSignal.any([question.signal, late.signal]) : late.signal })
  done.abort()
  return asked.kind === 'unreachable' && late.signal.aborted ? { kind: 'unreachable', errno: 'ETIMEDOUT' } : asked
}
