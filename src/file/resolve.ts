/**
 * From checked values to forwards: defaults laid under, short forms read, names looked
 * up, forwards compared with each other. Pure; every problem at once.
 */
import { accessOf, aliasOf } from './access.ts'
import { checkGroups } from './acting-as.ts'
import { readAddresses } from './addresses.ts'
import { askAbout, risksOf } from './approval.ts'
import { type Blame, blameIn } from './blame.ts'
import { type Located, pathKey, placeOf, problemAt, type Step } from './document.ts'
import { checkEndpoints, portPlace, type Resolved } from './endpoints.ts'
import { type Entry, type Flags, type ProblemSink, readEntry } from './entry.ts'
import type { Forward, PortMapping, Project } from './forward.ts'
import type { Unit } from './gather.ts'
import { inherited } from './include.ts'
import { limits } from './limits.ts'
import { listOr, type Plain, plainOr, valueAt } from './plain.ts'
import { asMode, backoffOf, boolOr, holdOf, msOr, numberOr, part, portRangeOf, restartOf, textOr, timeoutsOf, transportOf } from './policies.ts'
import { printable } from './printable.ts'
import type { Problem } from './problems.ts'
import { checkDependencies, exportsIn, qualified, templatesIn, withDependencies } from './relations.ts'
import { isStarted, profilesOf, type Selection } from './selection.ts'

const MAX_NAME = 63

/** What stands around the files. */
export interface Surroundings {
  /** The directory of the first file: the default name of the project. */
  readonly directory: string
  /** Flags of the command line; they win over the file. */
  readonly flags: Flags
  readonly selection: Selection
  /** Added to every local port that is a number. */
  readonly portOffset: number
  /** Files that have a say and are not of the project. */
  readonly outside: readonly string[]
}

/** What files mean. */
export interface Resolution {
  readonly project: Project
  readonly problems: readonly Problem[]
  /** What of it somebody has to approve, in words. */
  readonly risks: readonly string[]
  /** Its free texts, with marks of `veil.ts` for what variables hold. */
  readonly shown: ReadonlyMap<string, string>
  /** Where parts of its forwards stand. */
  readonly blame: Blame
}

/** The project of files that have the right shape, or what is wrong with them. */
export function resolve(units: readonly Unit[], around: Surroundings): Resolution {
  const problems: Problem[] = []
  const { names, isWithoutNeeds = false } = around.selection
  const selection = { ...around.selection, names: isWithoutNeeds ? names : withDependencies(units, names) }
  const tooMany = tooManyForwards(units)
  if (tooMany) problems.push(tooMany)
  const read = tooMany ? [] : units
  const shown = descriptionsOf(units)
  const found = withLinks(withoutTwins(read.flatMap((unit) => resolveUnit(unit, { ...around, selection }, problems))), shown)
  const resolved = isWithoutNeeds ? found.map((one) => withoutNeeds(one, names)) : found
  checkEndpoints(resolved)
  checkDependencies(resolved)
  const exports = exportsIn(
    read,
    resolved.map(({ forward }) => forward),
    { sinkOf: (located) => sinkTo(located, problems), shown },
  )
  const profiles = profilesOf(units)
  const top = plainOr(units[0]?.located.value)
  const settings = plainOr(top['settings'])
  const project: Project = {
    name: textOr(top['name'], nameFrom(around.directory)),
    ...(typeof top['description'] === 'string' && { description: top['description'] }),
    ...(profiles.length > 0 && { profiles }),
    ...(Object.keys(exports).length > 0 && { exports }),
    forwards: resolved.map(({ forward }) => forward),
    settings: {
      concurrency: numberOr(settings['concurrency'], 8),
      watchDebounceMs: msOr(plainOr(settings['watch'])['debounce'], 100),
      ...portRangeOf(settings['portRange']),
    },
  }
  const tops = units.map(({ located }) => plainOr(located.value))
  return { project, problems, risks: risksOf(tops, resolved, around.outside), shown, blame: blameIn(resolved, around.flags) }
}

/** It waits only for what is named as well. */
function withoutNeeds(one: Resolved, names: readonly string[]): Resolved {
  const { dependsOn, ...rest } = one.forward
  return dependsOn === undefined ? one : { ...one, forward: { ...rest, dependsOn: dependsOn.filter((name) => names.includes(name)) } }
}

function resolveUnit(unit: Unit, around: Surroundings, problems: Problem[]): readonly Resolved[] {
  const { located } = unit
  const top = plainOr(located.value)
  const sink = sinkTo(located, problems)
  const context = { unit, top: inherited(top, unit.outer), around, sink }
  const names = Object.keys(plainOr(top['forwards'])).filter((name) => !name.startsWith('x-'))
  const isMeant = (key: string): boolean => isStarted(unit, key, around.selection)
  // A mistake in a value counts unless it is of a forward that is not started; that one is left out.
  const ofForward = (path: readonly Step[]): string | undefined => (path[0] === 'forwards' ? String(path[1]) : undefined)
  const broken = new Set(unit.mistakes.map(({ path }) => ofForward(path)).filter((key) => key !== undefined && !isMeant(key)))
  problems.push(...unit.mistakes.filter(({ path }) => !broken.has(ofForward(path))).map(({ problem }) => problem))
  const resolved = names.filter((name) => !broken.has(name)).flatMap((name) => resolveForward(name, context) ?? [])
  const defaults = plainOr(top['defaults'])
  if (Array.isArray(defaults['addresses'])) readAddresses(defaults['addresses'], ['defaults', 'addresses'], sink)
  askAbout(top, resolved, sink)
  checkGroups(top, sink)
  return resolved
}

/** Of all files together: each alone is told by its shape. */
function tooManyForwards(units: readonly Unit[]): Problem | undefined {
  const count = units.reduce((sum, { located }) => sum + Object.keys(plainOr(plainOr(located.value)['forwards'])).length, 0)
  const last = units.at(-1)
  if (last === undefined || count <= limits.forwards) return undefined
  const message = `${count} forwards in all files, the limit is ${limits.forwards}`
  return problemAt(last.located, ['forwards'], { key: true }, { code: 'KPF_YAML_LIMIT', message, fix: 'split the project' })
}

/** Names are the identity of forwards: one that is taken is a problem, with both places. */
function withoutTwins(resolved: readonly Resolved[]): readonly Resolved[] {
  const taken = new Map<string, Forward>()
  return resolved.filter(({ forward, path, sink }) => {
    const first = taken.get(forward.name)
    if (first === undefined) {
      taken.set(forward.name, forward)
      return true
    }
    const { file, line, column } = first.position
    const fix = 'give its include a `prefix`, or rename one of them'
    sink(path, 'KPF_NAME', `the name "${forward.name}" is taken by the forward at ${printable(file)}:${line}:${column}`, { key: true, fix })
    return false
  })
}

function sinkTo(located: Located, problems: Problem[]): ProblemSink {
  return (path, code, message, more = {}) => {
    const problem = problemAt(located, path, more, { code, message, fix: more.fix })
    problems.push(more.approval ? { ...problem, kind: 'approval' } : problem)
  }
}

interface Context {
  readonly unit: Unit
  /** The top level, with what comes from an including file. */
  readonly top: Plain
  readonly around: Surroundings
  readonly sink: ProblemSink
}

function resolveForward(key: string, { unit, top, around, sink }: Context): Resolved | undefined {
  const { located, prefix } = unit
  const path = ['forwards', key]
  const name = `${prefix}${key}`
  if (name.length > MAX_NAME && prefix !== '')
    sink(path, 'KPF_NAME', `"${printable(name)}" is longer than ${MAX_NAME} characters`, { key: true, fix: 'use a shorter prefix' })
  const raw = plainOr(top['forwards'])[key]
  const defaults = plainOr(top['defaults'])
  const entry = readEntry(raw, path, sink, defaults['addresses'])
  if (entry === undefined) return undefined
  const own = plainOr(raw)
  const merged = { ...defaults, ...own }
  const place = placeOf(located, path)
  const forward: Forward = {
    name,
    ...(typeof own['description'] === 'string' && { description: own['description'] }),
    access: accessOf([entry.access, own, defaults, top], { top, around, path, sink, word: entry.words.cluster }),
    target: entry.target,
    ports: moved(entry, { by: around.portOffset, path, sink }),
    ...dependsOnOf(own['dependsOn'], unit),
    ...(isProtected(merged, { top, entry, own }) && { protected: true }),
    enabled: isStarted(unit, key, around.selection),
    requireReady: boolOr(part(own, defaults, 'pods')['requireReady'], entry.target.kind !== 'pod'),
    transport: transportOf(part({ transport: asMode(own['transport']) }, { transport: asMode(defaults['transport']) }, 'transport')),
    hold: holdOf(own['hold'] === 'off' || (own['hold'] === undefined && defaults['hold'] === 'off') ? 'off' : part(own, defaults, 'hold')),
    drainTimeoutMs: msOr(part(own, defaults, 'drain')['timeout'], 30_000),
    backoff: backoffOf(part(own, defaults, 'backoff')),
    restart: restartOf(merged['restart']),
    timeouts: timeoutsOf(part(own, defaults, 'timeouts')),
    maxConnections: numberOr(part(own, defaults, 'limits')['maxConnections'], 512),
    position: { file: place.source.file, ...place.source.position(place.key ?? place.value) },
  }
  return { forward, entry, path, sink, unit }
}

function descriptionsOf(units: readonly Unit[]): Map<string, string> {
  const shown = new Map<string, string>()
  for (const { located } of units) {
    const own = Object.keys(plainOr(plainOr(located.value)['forwards'])).map((key) => ['forwards', key, 'description'])
    for (const path of [['description'], ...own]) {
      const [text, marked] = [valueAt(located.value, path), located.places.get(pathKey(path))?.filled?.shown]
      if (typeof text === 'string' && marked !== undefined) shown.set(text, marked)
    }
  }
  return shown
}

function dependsOnOf(value: unknown, unit: Unit): Pick<Forward, 'dependsOn'> {
  const names = listOr(value).filter((name) => typeof name === 'string')
  return names.length === 0 ? {} : { dependsOn: names.map((name) => qualified(name, unit)) }
}

/** Links may name any forward, so they are read when all are there. */
function withLinks(resolved: readonly Resolved[], shown: Map<string, string>): readonly Resolved[] {
  const forwards = resolved.map(({ forward }) => forward)
  return resolved.map((one) => {
    const raw = plainOr(valueAt(one.unit.located.value, one.path))['links']
    if (raw === undefined) return one
    const links = templatesIn(raw, [...one.path, 'links'], { unit: one.unit, forwards, sink: one.sink, shown })
    return { ...one, forward: { ...one.forward, links } }
  })
}

/** What the forward says, or its `defaults`; else what its cluster's alias says. */
function isProtected(merged: Plain, { top, entry, own }: { top: Plain; entry: Entry; own: Plain }): boolean {
  if (typeof merged['protected'] === 'boolean') return merged['protected']
  const alias = aliasOf([entry.access, own, plainOr(top['defaults']), top])
  return alias !== undefined && plainOr(plainOr(top['clusters'])[alias])['protected'] === true
}

/** Ports beside those of the file: a second worktree next to the first. */
function moved(entry: Entry, { by, path, sink }: { by: number; path: readonly Step[]; sink: ProblemSink }): readonly PortMapping[] {
  if (by === 0) return entry.ports
  return entry.ports.map((port, index) => {
    const localPort = port.localPort === 0 ? 0 : port.localPort + by
    if (localPort <= 65_535) return { ...port, localPort }
    const place = portPlace({ entry, path }, index)
    sink(place.path, 'KPF_PORT', `local port ${port.localPort} is above 65535 with --port-offset ${by}`, { ...place.inside, fix: 'use a smaller offset' })
    return port
  })
}

/** A directory's name made into a project's name. */
function nameFrom(directory: string): string {
  const last = directory.split(/[/\\]/).findLast((piece) => piece !== '') ?? ''
  return (
    last
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 63) || 'default'
  )
}
