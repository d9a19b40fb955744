/** Ports for tests to listen on. */
import { freePorts } from '../../src/system/free-ports.ts'

/** Those of this process: the machine gives one that was closed again at any moment, at once too. */
const given = new Set<number>()

/** A local port that nobody has now, and that no test of this process was given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const [port = 0] = await freePorts(1)
    if (given.has(port)) continue
    given.add(port)
    return port
  }
}
