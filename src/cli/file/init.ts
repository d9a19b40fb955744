/** `kpf init`: a first forwards file, from the context in use and the services in it. */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type StarterService, starterText } from '../../file/starter.ts'
import { printable } from '../../file/printable.ts'
import { realClock } from '../../system/clock.ts'
import { errnoOf } from '../../system/errno.ts'
import { realFiles } from '../../system/files.ts'
import { ask, canAsk } from '../ask.ts'
import { counted } from '../../output/words.ts'
import { type Context, isSet, textFlag } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { flagsOf } from './project-file.ts'
import { clustersFor } from '../world.ts'

/** Runs the verb. */
export async function init(context: Context): Promise<number> {
  const shownAs = textFlag(context.flags, 'file') ?? 'forwards.yaml'
  const path = resolve(context.cwd, shownAs)
  if (shownAs !== '-' && (await realFiles.read(path, 0)).kind !== 'missing') {
    return mistake(context, { message: `${printable(shownAs)} is there already`, fix: 'look at it with: kpf check, or name another with -f', flag: 'file' })
  }
  const seen = await look(context)
  if ('message' in seen) context.err(`kpf: the services cannot be listed: ${seen.message}\n    the file is written without them\n`)
  const text = starterText('message' in seen ? { context: seen.context, namespace: seen.namespace, services: [] } : seen)
  if (shownAs === '-') {
    context.out(text)
    return exitCodes.done
  }
  const count = 'message' in seen ? 0 : seen.services.length
  const question = `write ${shownAs} for ${seen.context}/${seen.namespace}, ${counted(count, 'service')} seen?`
  if (canAsk(context) && !isSet(context.flags, 'yes') && !(await ask(context, question))) return exitCodes.done
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    context.err(`kpf: ${shownAs} cannot be written (${errnoOf(error)})\n    name another with -f, or print it with -f -\n`)
    return exitCodes.failed
  }
  context.err(
    count === 0
      ? `${shownAs} written, with no forward yet: its last lines show one. Next: kpf check\n`
      : `${shownAs} written, with ${counted(count, 'service')} of ${seen.context}/${seen.namespace}. Next: kpf up\n`,
  )
  return exitCodes.done
}

interface Seen {
  readonly context: string
  readonly namespace: string
  readonly services: readonly StarterService[]
}

async function look(context: Context): Promise<Seen | (Omit<Seen, 'services'> & { message: string })> {
  const flags = flagsOf(context)
  const clusters = clustersFor(context, 1, () => {})
  try {
    const cluster = await clusters.open(flags)
    if ('code' in cluster) return { context: flags.context ?? 'my-context', namespace: flags.namespace ?? 'default', message: cluster.message }
    const namespace = flags.namespace ?? cluster.namespace
    const place = { context: cluster.contextName, namespace }
    const signal = new AbortController()
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services?limit=500`
    const answer = await Promise.race([cluster.request({ method: 'GET', path, signal: signal.signal }), realClock.sleep(10_000, signal.signal)])
    signal.abort()
    if (typeof answer === 'boolean') return { ...place, message: 'no answer within 10 s' }
    return 'code' in answer ? { ...place, message: answer.message } : { ...place, services: servicesIn(answer.value) }
  } finally {
    await clusters.close()
  }
}

/** Services of a list that select pods; everything in it is somebody else's text. */
function servicesIn(value: unknown): readonly StarterService[] {
  const items = at(value, 'items')
  if (!Array.isArray(items)) return []
  return items.flatMap((item: unknown): readonly StarterService[] => {
    const name = at(at(item, 'metadata'), 'name')
    const spec = at(item, 'spec')
    const ports = at(spec, 'ports')
    if (typeof name !== 'string' || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) || at(spec, 'selector') === undefined || !Array.isArray(ports)) return []
    const numbers = ports.flatMap((port: unknown) => {
      const number = at(port, 'port')
      const protocol = at(port, 'protocol') ?? 'TCP'
      return typeof number === 'number' && protocol === 'TCP' ? [{ port: number }] : []
    })
    return numbers.length === 0 ? [] : [{ name, ports: numbers }]
  })
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined
}
