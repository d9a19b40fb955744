/**
 * Where the supervisor of a command line's project is found: its key, its lock, its log.
 *
 * Shared by those who start one and those who only ask; so it reads no file of forwards.
 */
import { realpath } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { projectKey, shortKey } from '../control/identity.ts'
import { realFiles } from '../system/files.ts'
import { stateFolder } from '../system/user-folders.ts'
import { type Context, textFlag, textFlags } from './context.ts'
import { findFile } from './find-file.ts'

/** Of one project, whether it runs or not. */
export interface Place {
  readonly key: string
  readonly files: readonly string[]
  readonly lock: string
  readonly log: string
}

/** The folder of all locks. */
export function lockFolder(context: Pick<Context, 'env' | 'home'>, platform: string): string {
  return join(stateFolder(context.env, context.home, platform), 'projects')
}

/** The place of the project that the command line means; undefined without a file. `paths` are its files, when they were looked for already. */
export async function placeOf(context: Context, platform: string, paths?: readonly string[]): Promise<Place | undefined> {
  const meant = paths ?? (await meantBy(context))
  return meant && placeAt(context, platform, meant)
}

async function meantBy(context: Context): Promise<readonly string[] | undefined> {
  const named = textFlags(context.flags, 'file')
  if (named.length > 0) return named.map((name) => (name === '-' ? '-' : resolve(context.cwd, name)))
  const found = await findFile(context.cwd, realFiles)
  return found && [found.path]
}

async function placeAt(context: Context, platform: string, paths: readonly string[]): Promise<Place> {
  // Two directories may each pipe a file of their own.
  const files = await Promise.all(paths.map(async (path) => (path === '-' ? `- ${await real(context.cwd)}` : real(path))))
  const key = projectKey({
    files,
    name: textFlag(context.flags, 'project-name'),
    portOffset: Number(textFlag(context.flags, 'port-offset') ?? 0),
    host: hostname(),
  })
  const folder = lockFolder(context, platform)
  return { key, files, lock: join(folder, `${shortKey(key)}.lock`), log: join(folder, `${shortKey(key)}.log`) }
}

async function real(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return path
  }
}
