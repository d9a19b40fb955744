/** Where the forwards of a project lead, in a few words for the title of a screen. */
import type { Clusters } from '../../cluster/cluster-api.ts'
import type { Forward } from '../../file/forward.ts'

/** More places than this are counted. */
const MAX_PLACES = 2

/** `eks-dev/shop`, or `3 namespaces of 2 contexts`; empty while no kubeconfig says. */
export async function whereText(clusters: Clusters, forwards: readonly Forward[]): Promise<string> {
  const places = await Promise.all(
    forwards.map(async ({ access }) => {
      const cluster = await clusters.open(access)
      return 'code' in cluster ? undefined : { context: cluster.contextName, namespace: access.namespace ?? cluster.namespace }
    }),
  )
  const known = places.filter((place) => place !== undefined)
  const all = new Set(known.map(({ context, namespace }) => `${context}/${namespace}`))
  const contexts = new Set(known.map(({ context }) => context))
  if (all.size <= MAX_PLACES) return [...all].join(', ')
  return `${all.size} namespaces of ${contexts.size === 1 ? [...contexts].join('') : `${contexts.size} contexts`}`
}
