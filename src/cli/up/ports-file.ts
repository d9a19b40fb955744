/** `--ports-file`: where the forwards are, kept up to date for programs that read files. */
import type { StatusBody } from '../../control/shapes.ts'
import type { Supervisor } from '../../supervisor/supervisor.ts'
import { errnoOf } from '../../system/errno.ts'
import { whenBound } from './bound.ts'
import { portsText } from '../ask/exports.ts'
import type { RunningProject } from './running.ts'

/** What tells that there is something else to write. */
type Told = Pick<Supervisor, 'subscribe' | 'onEndpoint' | 'snapshot' | 'forward' | 'warn'>

/** What is written of. */
interface Run extends Pick<RunningProject, 'exports'> {
  readonly ending: { readonly isBegun: boolean }
  status(): Pick<StatusBody, 'forwards'>
}

/** Writes it now, and again whenever it would say something else, until the signal; resolves after the first time, with what went wrong then. */
export async function keepPortsFile(supervisor: Told, running: Run, { path, signal }: { path: string; signal: AbortSignal }): Promise<string | undefined> {
  let last = ''
  const write = async (): Promise<string | undefined> => {
    // What stood there last is what somebody may still look for.
    if (running.ending.isBegun) return undefined
    const text = portsText(running.status().forwards, running.exports().exports)
    if (text === last) return undefined
    last = text
    return written(path, text, supervisor)
  }
  let isDue = false
  // What happens while it is written the first time is heard too.
  const first = write()
  let writing: Promise<unknown> = first
  const off = supervisor.subscribe(({ type }) => {
    if (isDue || (type !== 'config-applied' && type !== 'forward-state-changed' && type !== 'forward-moved')) return
    isDue = true
    // A burst of events, as an edit of a large file is, is one look.
    writing = writing
      .then(() => whenBound(supervisor, signal))
      .then(async () => {
        isDue = false
        if (!signal.aborted) await write()
      })
  })
  signal.addEventListener('abort', off, { once: true })
  return first
}

async function written(path: string, text: string, supervisor: Pick<Supervisor, 'warn'>): Promise<string | undefined> {
  const { writeWhole } = await import('../../system/whole-file.ts')
  try {
    await writeWhole(path, text)
    return undefined
  } catch (error) {
    const message = `the ports cannot be written to ${path} (${errnoOf(error)})`
    supervisor.warn('KPF_PORTS_FILE', message)
    return message
  }
}
