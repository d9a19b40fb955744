/** The entries of `include`, read; and what an included file has from the one that names it. Pure. */
import type { Located, Step } from './document.ts'
import { isPlain, listOr, type Plain, plainOr } from './plain.ts'

/** A file that is named. */
export interface Include {
  readonly path: string
  /** Where the path stands. */
  readonly at: readonly Step[]
  readonly prefix?: string
  readonly envFiles: readonly (readonly [string, readonly Step[]])[]
  /** Profiles without which nothing of it is started. */
  readonly profiles: readonly unknown[]
}

/** The entries that can be read; what is wrong with the others their shape tells. */
export function includesOf(located: Located): readonly Include[] {
  return listOr(plainOr(located.value)['include']).flatMap((entry, index): readonly Include[] => {
    const at = ['include', index]
    if (typeof entry === 'string') return [{ path: entry, at, envFiles: [], profiles: [] }]
    if (!isPlain(entry) || typeof entry['path'] !== 'string') return []
    const prefix = entry['prefix']
    const envFiles = pathsOf(entry['envFile'], [...at, 'envFile'])
    return [{ path: entry['path'], at: [...at, 'path'], envFiles, profiles: listOr(entry['profiles']), ...(typeof prefix === 'string' && { prefix }) }]
  })
}

/** One path or a list of them, each with where it stands. */
export function pathsOf(value: unknown, path: readonly Step[]): readonly (readonly [string, readonly Step[]])[] {
  const entries: readonly (readonly [unknown, readonly Step[]])[] = Array.isArray(value)
    ? value.map((entry: unknown, index) => [entry, [...path, index]])
    : [[value, path]]
  // Anything else is told by its shape, and a variable that is not set by itself.
  return entries.filter((entry): entry is readonly [string, readonly Step[]] => typeof entry[0] === 'string' && entry[0] !== '' && !entry[0].includes('\0'))
}

const WHERE = ['context', 'cluster', 'kubeconfig']

/**
 * The top level of a file, with what it leaves open taken from the file that includes it:
 * where it says nothing of the cluster, it means the same one. A namespace belongs to its
 * cluster, so it is taken only together with that.
 */
export function inherited(top: Plain, outer: Plain): Plain {
  const says = (keys: readonly string[]): boolean => keys.some((key) => top[key] !== undefined)
  const from = (keys: readonly string[]): Plain => Object.fromEntries(keys.flatMap((key) => (outer[key] === undefined ? [] : [[key, outer[key]]])))
  return {
    ...(!says(WHERE) && from(WHERE)),
    ...(!says([...WHERE, 'namespace']) && from(['namespace'])),
    ...top,
    clusters: { ...plainOr(outer['clusters']), ...plainOr(top['clusters']) },
  }
}
