/**
 * Where the supervisor of a command line's project is found: its key, its lock, its log.
 *
 * Shared by those who start one and those who only ask; so it reads no file of forwards.
 */
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { projectKey, shortKey } from '../control/identity.ts'
import { filesNow, realPathNow } from '../system/files-now.ts'
import { stateFolder } from '../system/user-folders.ts'
import { type Context, textFlag, textFlags } from './context.ts'
import { findFile } from './find-file.ts'

/** What tells which project is meant. */
export type Asking = Pick<Context, 'flags' | 'cwd' | 'env' | 'home'>

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
export async function placeOf(context: Asking, platform: string, paths?: readonly string[]): Promise<Place | undefined> {
  const meant = paths ?? (await meantBy(context))
  return meant && placeAt(context, platform, meant)
}

async function meantBy(context: Asking): Promise<readonly string[] | undefined> {
  const named = textFlags(context.flags, 'file')
  if (named.length > 0) return named.map((name) => (name === '-' ? '-' : resolve(context.cwd, name)))
  const found = await findFile(context.cwd, filesNow)
  return found && [found.path]
}

function placeAt(context: Asking, platform: string, paths: readonly string[]): Place {
  // Two directories may each pipe a file of their own.
  const files = paths.map((path) => (path === '-' ? `- ${realPathNow(context.cwd)}` : realPathNow(path)))
  const key = projectKey({
    files,
    name: textFlag(context.flags, 'project-name'),
    portOffset: Number(textFlag(context.flags, 'port-offset') ?? 0),
    host: hostname(),
  })
  const folder = lockFolder(context, platform)
  return { key, files, lock: join(folder, `${shortKey(key)}.lock`), log: join(folder, `${shortKey(key)}.log`) }
}
