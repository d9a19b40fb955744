/** Paths of a file, made absolute: each is meant from the file that it stands in. */
import { resolve as absolutePath } from 'node:path'
import { type Located, placeOf, type Step } from './document.ts'
import { copied, plainOr, setAt, valueAt } from './plain.ts'

/** Kubeconfigs are named from the file that they stand in. */
export function withAbsolutePaths(located: Located): Located {
  const top = plainOr(located.value)
  const holders: readonly (readonly Step[])[] = [
    [],
    ['defaults'],
    ...Object.keys(plainOr(top['clusters'])).map((name) => ['clusters', name]),
    ...Object.keys(plainOr(top['forwards'])).map((name) => ['forwards', name]),
  ]
  const paths = holders.map((path) => [...path, 'kubeconfig']).filter((path) => typeof valueAt(top, path) === 'string')
  if (paths.length === 0) return located
  const value = copied(located.value)
  for (const path of paths) setAt(value, path, absolutePath(placeOf(located, path).source.directory, String(valueAt(top, path))))
  return { ...located, value }
}
