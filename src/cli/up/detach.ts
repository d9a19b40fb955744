/** `kpf up -d` and `--wait`: the run goes to the background, and this process ends when it stands. */
import { dirname } from 'node:path'
import { startInBackground } from '../../system/background.ts'
import type { BackgroundMessage } from '../../system/parent-link.ts'
import { privateFolder } from '../../system/private-folder.ts'
import { self } from '../../system/processes.ts'
import { type Context, isSet, textFlags } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { placeOf } from '../place.ts'
import { reach } from '../ask/reach.ts'
import { waitFor } from '../ask/wait.ts'
import type { UpOptions } from './up-options.ts'

/** Starts the copy; resolves with its code, or 0 once all its ports are bound, or what was waited for. */
export async function detach(context: Context, { waitMs }: Pick<UpOptions, 'waitMs'>): Promise<number> {
  const place = await placeOf(context, self().platform)
  const wrong = place && (await privateFolder(dirname(place.lock)))
  if (wrong !== undefined && place !== undefined) {
    context.err(`kpf: cannot run in the background: the folder ${dirname(place.lock)} ${wrong}\n    make it your own, or name another with XDG_STATE_HOME\n`)
    return exitCodes.failed
  }
  const up = Promise.withResolvers<Extract<BackgroundMessage, { kind: 'up' }>>()
  const hear = (message: BackgroundMessage): void => {
    if (message.kind === 'said') context.err(message.text)
    else up.resolve(message)
  }
  const stop = interruption(context)
  const copy = startInBackground(place === undefined ? '/dev/null' : `${place.log}.out`, hear, textFlags(context.flags, 'file').includes('-'))
  stop.signal.addEventListener('abort', () => copy.stop(), { once: true })
  const first = await Promise.race([up.promise, copy.exited])
  stop.over()
  copy.release()
  const code = typeof first === 'number' ? (stop.code() ?? first) : first.code
  // A copy that ends well has found the project running, and applied the file there.
  const isUp = typeof first !== 'number' || code === exitCodes.done
  if (!isUp || !isSet(context.flags, 'wait')) return code
  const end = await waited(context, waitMs)
  // A port that was taken may be free by now; a file that was not written stays so.
  return end === exitCodes.done && code === exitCodes.failed ? code : end
}

async function waited(context: Context, timeoutMs: number): Promise<number> {
  const reached = await reach(context)
  if (reached.kind === 'ended') return reached.code
  let said = ''
  const keeping = { ...context, err: (text: string) => void (said += text) }
  const code = await waitFor(keeping, reached.owner, { goal: 'ready', names: context.words, timeoutMs })
  // What went wrong stands last: a job's log is read from its end.
  if (code !== exitCodes.done) context.err('not all are ready; it goes on trying in the background, kpf down ends it\n')
  context.err(said)
  return code
}
