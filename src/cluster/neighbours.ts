/** What else there is of a kind, for whoever has named what is not there. */
import type { Cluster } from './cluster-api.ts'
import { metadata, record, records } from './kube-object.ts'
import type { ObjectKind } from './picture.ts'
import { resourceOf } from './resources.ts'

/** More are not looked at. */
const MAX_NAMES = 200

/** The names in the namespace; undefined where they may not be asked for, or cannot be. Never rejects. */
export async function neighboursOf(
  cluster: Pick<Cluster, 'request'>,
  { kind, namespace, signal }: { readonly kind: ObjectKind; readonly namespace: string; readonly signal: AbortSignal },
): Promise<readonly string[] | undefined> {
  const answer = await cluster.request({ method: 'GET', path: `${resourceOf(kind, namespace).path}?limit=${MAX_NAMES}`, signal })
  if (answer.kind === 'failure') return undefined
  return records(answer.value['items']).map((item) => String(record(metadata(item))['name'] ?? ''))
}
