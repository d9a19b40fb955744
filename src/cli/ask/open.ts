/** `kpf open NAME [PORT]`: the page of a forward, in the browser of whoever sits here. */
import { realClock } from '../../system/clock.ts'
import { openUrl } from '../../system/open-url.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { portOfWords } from './port.ts'

/** One that is still there by then has taken it: some browsers stay as long as their window. */
const TAKEN_MS = 3_000

/** Runs the verb. */
export async function open(context: Context): Promise<number> {
  const found = await portOfWords(context, 'open')
  if (typeof found === 'number') return found
  const { url } = found.port
  // A file of somebody else must not start what other schemes mean to this machine.
  if (!/^https?:/.test(url)) {
    context.out(`${url}\n`)
    context.err(`kpf: this is no page for a browser: the file says what is spoken there (appProtocol)\n    write appProtocol: http where it is one\n`)
    return exitCodes.failed
  }
  const done = new AbortController()
  const wasTaken = await Promise.race([openUrl(url, context.env), realClock.sleep(TAKEN_MS, done.signal)])
  done.abort()
  if (wasTaken) {
    context.err(`opening ${url}\n`)
    return exitCodes.done
  }
  context.out(`${url}\n`)
  context.err('kpf: no browser here takes it: this is the address\n    name a program in BROWSER, such as BROWSER=firefox\n')
  return exitCodes.failed
}
