/** What is to be done about an error that nobody has caught. */

/** Of a promise that nobody looks at too (nodejs.org/api/process.html). */
const FAULT = 'uncaughtException'

/** Calls it with each, instead of the first file of the program, which ends the process at once; the result gives them back. */
export function atFault(run: (fault: unknown) => void): () => void {
  const before = process.listeners(FAULT)
  process.removeAllListeners(FAULT).on(FAULT, run)
  return () => {
    process.off(FAULT, run)
    for (const listener of before) process.on(FAULT, listener)
  }
}
