/** Which forwards of a file are wanted at run time: those named or all, less those stopped by hand. Pure. */
import type { Project } from '../file/forward.ts'

/** What the command line and the control socket asked for; the file is untouched by it. */
export interface Wish {
  /** All that the file enables, or only these. */
  readonly named: readonly string[] | 'all'
  /** Stopped by hand: they rest over reloads. */
  readonly stopped: readonly string[]
  /** Started by hand, though the file does not. */
  readonly started: readonly string[]
}

/** A run of these names; of all without any. */
export function wishFor(names: readonly string[]): Wish {
  return { named: names.length === 0 ? 'all' : names, stopped: [], started: [] }
}

/** A second `up`: its names run as well, and what was stopped by hand begins again. */
export function joined(wish: Wish, names: readonly string[]): Wish {
  return names.length === 0 ? wishFor([]) : withAgain(wish, names)
}

/** These rest, until they are started or named again. */
export function without({ named, stopped, started }: Wish, names: readonly string[]): Wish {
  return { named, stopped: [...new Set([...stopped, ...names])], started: started.filter((name) => !names.includes(name)) }
}

/** These run again. */
export function withAgain({ named, stopped, started }: Wish, names: readonly string[]): Wish {
  return {
    named: named === 'all' ? 'all' : [...new Set([...named, ...names])],
    stopped: stopped.filter((name) => !names.includes(name)),
    started: named === 'all' ? [...new Set([...started, ...names])] : started,
  }
}

/** The project with what is wanted of it enabled; a name brings what it depends on. */
export function chosen(project: Project, { named, stopped, started }: Wish): Project {
  const wanted = named === 'all' ? undefined : withNeeds(project, named)
  const forwards = project.forwards
    .filter(({ name }) => wanted === undefined || wanted.has(name))
    .map((forward) => {
      const enabled = !stopped.includes(forward.name) && (forward.enabled || wanted !== undefined || started.includes(forward.name))
      return enabled === forward.enabled ? forward : { ...forward, enabled }
    })
  return { ...project, forwards }
}

function withNeeds({ forwards }: Project, names: readonly string[]): ReadonlySet<string> {
  const all = new Set(names)
  // A set that grows while it is walked is walked to its new end.
  for (const name of all) for (const needed of forwards.find((forward) => forward.name === name)?.dependsOn ?? []) all.add(needed)
  return all
}
