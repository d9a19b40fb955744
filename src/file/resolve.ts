/**
 * From checked values to forwards: defaults laid under, short forms read, names looked
 * up, forwards compared with each other. Pure; every problem at once.
 */
import { accessOf } from './access.ts'
import { checkGroups } from './acting-as.ts'
import { readAddresses } from './addresses.ts'
import { askAbout } from './approval.ts'
import { type Located, placeOf, problemAt, type Step } from './document.ts'
import { checkEndpoints, type Resolved } from './endpoints.ts'
import { type Flags, type ProblemSink, readEntry } from './entry.ts'
import type { Forward, Project } from './forward.ts'
import type { Unit } from './gather.ts'
import { type Plain, plainOr } from './plain.ts'
import { asMode, backoffOf, boolOr, holdOf, msOr, numberOr, part, restartOf, textOr, timeoutsOf, transportOf } from './policies.ts'
import type { Problem } from './problems.ts'
import { isStarted, type Selection } from './selection.ts'

/** What stands around the files. */
export interface Surroundings {
  /** The directory of the first file: the default name of the project. */
  readonly directory: string
  /** Flags of the command line; they win over the file. */
  readonly flags: Flags
  readonly selection: Selection
}

/** The project of files that have the right shape, or what is wrong with them. */
export function resolve(units: readonly Unit[], around: Surroundings): { readonly project: Project; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const resolved = units.flatMap((unit) => resolveUnit(unit, around, problems))
  checkEndpoints(resolved)
  const top = plainOr(units[0]?.located.value)
  const settings = plainOr(top['settings'])
  const project: Project = {
    name: textOr(top['name'], nameFrom(around.directory)),
    ...(typeof top['description'] === 'string' && { description: top['description'] }),
    forwards: resolved.map(({ forward }) => forward),
    settings: { concurrency: numberOr(settings['concurrency'], 8), watchDebounceMs: msOr(plainOr(settings['watch'])['debounce'], 100) },
  }
  return { project, problems }
}

function resolveUnit(unit: Unit, around: Surroundings, problems: Problem[]): readonly Resolved[] {
  const { located } = unit
  const top = plainOr(located.value)
  const sink = sinkTo(located, problems)
  const context = { located, top, around, sink }
  const names = Object.keys(plainOr(top['forwards'])).filter((name) => !name.startsWith('x-'))
  const isMeant = (key: string): boolean => isStarted(top, { key, name: key }, around.selection)
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

function sinkTo(located: Located, problems: Problem[]): ProblemSink {
  return (path, code, message, more = {}) => {
    const problem = problemAt(located, path, more, { code, message, fix: more.fix })
    problems.push(more.approval ? { ...problem, kind: 'approval' } : problem)
  }
}

interface Context {
  readonly located: Located
  readonly top: Plain
  readonly around: Surroundings
  readonly sink: ProblemSink
}

function resolveForward(name: string, { located, top, around, sink }: Context): Resolved | undefined {
  const path = ['forwards', name]
  const raw = plainOr(top['forwards'])[name]
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
    ports: entry.ports,
    enabled: isStarted(top, { key: name, name }, around.selection),
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
  return { forward, entry, sink }
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
