/** Which cluster a forward means: the layers that may say so, and aliases. Pure. */
import { actingAs } from './acting-as.ts'
import type { Step } from './document.ts'
import type { ProblemSink } from './entry.ts'
import type { Access } from './forward.ts'
import { isPlain, plainOr } from './plain.ts'
import { textOf } from './policies.ts'
import { printable } from './printable.ts'
import type { Surroundings } from './resolve.ts'

/** The alias that counts; a context that stands nearer means itself. */
export function aliasOf(layers: readonly Record<string, unknown>[]): string | undefined {
  const aliasLayer = layers.findIndex((layer) => typeof layer['cluster'] === 'string')
  const contextLayer = layers.findIndex((layer) => typeof layer['context'] === 'string')
  return aliasLayer !== -1 && (contextLayer === -1 || aliasLayer <= contextLayer) ? textOf(layers[aliasLayer]?.['cluster']) : undefined
}

/** Flags, then the forward, then `defaults`, then the top level; an alias fills what its forward leaves open. */
export function accessOf(
  layers: readonly Record<string, unknown>[],
  { top, around, path, sink, word }: { top: Record<string, unknown>; around: Surroundings; path: readonly Step[]; sink: ProblemSink; word: number | undefined },
): Access {
  const alias = aliasOf(layers)
  const aliasLayer = layers.findIndex((layer) => typeof layer['cluster'] === 'string')
  const clusters = isPlain(top['clusters']) ? top['clusters'] : {}
  const named = alias === undefined ? {} : clusters[alias]
  if (alias !== undefined && !isPlain(named)) {
    const known = Object.keys(clusters).filter((name) => !name.startsWith('x-'))
    const places: readonly (readonly Step[])[] = [path, [...path, 'cluster'], ['defaults', 'cluster'], ['cluster']]
    sink(places[aliasLayer] ?? path, 'KPF_CLUSTER_ALIAS', `no cluster "${printable(alias)}" is defined`, {
      ...(aliasLayer === 0 && word !== undefined && { inside: word }),
      fix: known.length ? `defined in clusters: ${known.join(', ')}` : 'define it under `clusters:`',
    })
  }
  return accessUnder(isPlain(named) ? named : {}, { layers, top, around, isAliased: alias !== undefined })
}

/** Flags over the alias over the layers; an alias takes the place of any context below it. */
function accessUnder(
  cluster: Record<string, unknown>,
  { layers, top, around, isAliased }: { layers: readonly Record<string, unknown>[]; top: Record<string, unknown>; around: Surroundings; isAliased: boolean },
): Access {
  const first = (key: string, from = layers): string | undefined => from.map((layer) => textOf(layer[key])).find((value) => value !== undefined)
  const kubeconfig = around.flags.kubeconfig ?? textOf(cluster['kubeconfig']) ?? first('kubeconfig')
  const context = around.flags.context ?? textOf(cluster['context']) ?? (isAliased ? undefined : first('context'))
  const namespace = around.flags.namespace ?? first('namespace', layers.slice(0, 3)) ?? textOf(cluster['namespace']) ?? textOf(top['namespace'])
  const expected = textOf(plainOr(cluster['expect'])['server'])
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(namespace !== undefined && { namespace }),
    ...(expected !== undefined && { expectServer: expected }),
    ...actingAs([...layers.slice(0, 3), cluster]),
  }
}
