/**
 * Where in the files stands what a cluster or the machine refuses: the place of a part of
 * a forward, wherever the layers have it from. Pure.
 */
import { aliasOf } from './access.ts'
import { type Located, type Pointer, problemAt, type Step, type Wording } from './document.ts'
import { portPlace, type Resolved } from './endpoints.ts'
import type { Flags } from './entry.ts'
import { type Plain, plainOr, valueAt } from './plain.ts'
import type { Problem } from './problems.ts'

/** A part of a forward; a port is counted as in its list of ports, and has two ends. */
export type Aspect = 'forward' | 'target' | 'context' | 'namespace' | 'expect' | { readonly port: number; readonly end: 'local' | 'remote' }

/** A problem with a part of a forward, at the place that says so; at the forward where no file does. */
export type Blame = (forward: string, aspect: Aspect, wording: Wording) => Problem

interface Spot {
  readonly path: readonly Step[]
  readonly pointer: Pointer
}

/** Points into these forwards. `flags` are over the files: what they say stands in none. */
export function blameIn(resolved: readonly Resolved[], flags: Flags): Blame {
  const byName = new Map(resolved.map((one) => [one.forward.name, one]))
  return (name, aspect, wording) => {
    const one = byName.get(name)
    if (one === undefined) return { file: '', line: 1, column: 1, ...wordsOf(wording) }
    const { path, pointer } = spotOf(one, aspect, flags) ?? { path: one.path, pointer: { key: true } }
    return problemAt(one.unit.located, path, pointer, wording)
  }
}

function wordsOf({ code, message, fix }: Wording): Pick<Problem, 'code' | 'message' | 'fix'> {
  return { code, message, ...(fix !== undefined && { fix }) }
}

function spotOf(one: Resolved, aspect: Aspect, flags: Flags): Spot | undefined {
  const { path, entry, unit } = one
  if (typeof aspect === 'object') {
    const place = portPlace(one, aspect.port)
    const fields = aspect.end === 'local' ? ['localPort', 'remotePort'] : ['remotePort', 'containerPort']
    const field = fields.map((name) => [...place.path, name]).find((inner) => valueAt(unit.located.value, inner) !== undefined)
    return { path: field ?? place.path, pointer: place.inside }
  }
  switch (aspect) {
    case 'forward':
      return undefined
    case 'target':
      return entry.words.target === undefined ? { path: [...path, 'target'], pointer: {} } : { path, pointer: { inside: entry.words.target } }
    case 'context':
      return flags.context === undefined ? said(one, contextPaths(one), 'context') : undefined
    case 'expect':
      return said(one, aliasPaths(one, ['expect', 'server']), 'cluster')
    case 'namespace':
      if (flags.namespace !== undefined) return undefined
      return said(
        one,
        [[...path, 'namespace'], ['defaults', 'namespace'], ...aliasPaths(one, ['namespace']), ...topPaths(unit.located, 'namespace')],
        'namespace',
      )
  }
}

/** A word of the line comes first; else the first of the paths at which a file says something. */
function said({ path, entry, unit: { located } }: Resolved, paths: readonly (readonly Step[])[], word: 'context' | 'cluster' | 'namespace'): Spot | undefined {
  const at = entry.words[word]
  if (at !== undefined) return { path, pointer: { inside: at } }
  const found = paths.find((candidate) => typeof valueAt(located.value, candidate) === 'string')
  return found && { path: found, pointer: {} }
}

/** The alias, where one counts: what it says, else where it is named. */
function contextPaths(one: Resolved): readonly (readonly Step[])[] {
  const { path, unit } = one
  const named = ['cluster', 'context'].flatMap((key) => [
    [...path, key],
    ['defaults', key],
  ])
  return [...aliasPaths(one, ['context']), ...named, ...topPaths(unit.located, 'cluster'), ...topPaths(unit.located, 'context')]
}

function aliasPaths({ entry, path, unit: { located } }: Resolved, inner: readonly Step[]): readonly (readonly Step[])[] {
  const top = plainOr(located.value)
  const alias = aliasOf([entry.access, plainOr(valueAt(top, path)), plainOr(top['defaults']), top])
  return alias === undefined ? [] : [['clusters', alias, ...inner]]
}

function topPaths(located: Located, key: string): readonly (readonly Step[])[] {
  const top: Plain = plainOr(located.value)
  return top[key] === undefined ? [] : [[key]]
}
