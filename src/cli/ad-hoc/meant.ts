/** What was meant by a target that is not there: one of the cluster with a near name, a forward of the file, a verb. */
import type { Clusters } from '../../cluster/cluster-api.ts'
import { nearNames } from '../../cluster/nearest.ts'
import { neighboursOf } from '../../cluster/neighbours.ts'
import type { ObjectKind } from '../../cluster/picture.ts'
import { printable } from '../../file/printable.ts'
import type { Forward } from '../../file/forward.ts'
import { realClock } from '../../system/clock.ts'
import { nearVerbs } from '../arguments.ts'
import type { Context } from '../context.ts'
import { forwardHere, startIt } from '../file/forward-here.ts'
import { didYouMean } from '../mistake.ts'

/** The run ends with this: nobody waits for long. */
const LIMIT_MS = 2_000

/** What to write instead of the first word; undefined when nothing is near. */
export async function meantTarget(context: Context, { access, target }: Forward, clusters: Clusters): Promise<string | undefined> {
  if (target.kind === 'selector' || target.kind === 'prefix') return undefined
  const [word = ''] = context.words
  const isBare = !word.includes('/')
  const here = isBare ? await forwardHere(context, word) : undefined
  if (here?.name === word) return startIt(here)
  const cluster = await clusters.open(access)
  if ('code' in cluster) return undefined
  const namespace = access.namespace ?? cluster.namespace
  const over = new AbortController()
  void realClock.sleep(LIMIT_MS, over.signal).then(() => over.abort())
  const namesOf = async (kind: ObjectKind): Promise<readonly string[]> =>
    ((await neighboursOf(cluster, { kind, namespace, signal: over.signal })) ?? []).map(({ name }) => name)
  const none: readonly string[] = []
  const [names, services] = await Promise.all([namesOf(target.kind), isBare ? namesOf('service') : none])
  over.abort()
  // kubectl's own word for a pod is a name alone; most who write one mean the Service.
  if (services.includes(word)) return didYouMean([`svc/${word}`])
  const prefix = isBare ? '' : word.slice(0, word.indexOf('/') + 1)
  const near = nearNames(target.name, names).map((name) => printable(`${prefix}${name}`))
  if (near.length > 0) return didYouMean(near)
  return isBare ? (nearVerbs(word) ?? (here && startIt(here))) : undefined
}
