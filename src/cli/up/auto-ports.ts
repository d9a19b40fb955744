/** Free ports of a project, as this machine has them: chosen, and remembered beside the approvals. */
import { assigned, type Chosen, isOpen, nothingChosen } from '../../file/auto-ports.ts'
import type { Project } from '../../file/forward.ts'
import { isFreePort } from '../../system/free-ports.ts'
import { realPathOf } from '../../system/files.ts'
import { digest, ownStateFolder, readState, writeState } from '../../system/state.ts'
import type { Context } from '../context.ts'

/** Gives a project its free ports; the same ones in every later call. */
export type PortChooser = (project: Project) => Promise<Project>

/** Chooses for the files at those paths. */
export function portChooser(context: Context, paths: readonly string[]): PortChooser {
  const folder = ownStateFolder(context.env, context.home)
  const nameOf = async (): Promise<string> => `ports-${digest((await Promise.all(paths.map(realPathOf))).join('\n')).slice(0, 16)}.json`
  let live: Chosen = nothingChosen
  return async (project) => {
    // Most projects name all their ports, and wait for nothing here.
    if (!project.forwards.some(isOpen)) return project
    const name = await nameOf()
    const text = await readState(folder, name)
    const result = await assigned(project, { live, remembered: chosenIn(text), isFree: isFreePort })
    live = result.live
    const next = `${JSON.stringify({ v: 1, files: paths, ...result.remembered }, undefined, 2)}\n`
    const hasAny = Object.keys(live.ports).length + Object.keys(live.addresses).length > 0
    // Where nothing can be remembered the hash alone keeps them the same.
    if (hasAny && next !== text) await writeState(folder, name, next)
    return result.project
  }
}

function chosenIn(text: string | undefined): Chosen {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return { ports: record(value, 'ports', isPort), addresses: record(value, 'addresses', isOwnAddress) }
  } catch {
    return nothingChosen
  }
}

function record<T>(value: unknown, key: string, fits: (entry: unknown) => entry is T): Readonly<Record<string, T>> {
  const inner: unknown = typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined
  const entries: readonly [string, unknown][] = typeof inner === 'object' && inner !== null ? Object.entries(inner) : []
  return Object.fromEntries(entries.flatMap(([name, entry]) => (fits(entry) ? [[name, entry]] : [])))
}

function isPort(entry: unknown): entry is number {
  return typeof entry === 'number' && Number.isInteger(entry) && entry >= 1_024 && entry <= 65_535
}

function isOwnAddress(entry: unknown): entry is string {
  return typeof entry === 'string' && /^127(\.\d{1,3}){3}$/.test(entry)
}
