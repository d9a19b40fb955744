/** What is to be done when the process ends, in whatever way it may still do something. */

/** Calls it then, once; the result takes it back. It has no time to wait for anything. */
export function atExit(run: () => void): () => void {
  process.once('exit', run)
  return () => void process.off('exit', run)
}
