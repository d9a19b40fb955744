/** Programs of one name in PATH, and which one this process is. */
import { constants } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** All that can be run under that name, in the order in which a shell finds them; links are followed. */
export async function programsNamed(name: string, path: string): Promise<readonly string[]> {
  const found = await Promise.all(
    path
      .split(delimiter)
      .filter((directory) => directory !== '')
      .map((directory) => runnable(join(directory, name))),
  )
  return [...new Set(found.filter((program) => program !== undefined))]
}

/** The script that runs. */
export async function ownProgram(): Promise<string> {
  return (await runnable(process.argv[1] ?? '')) ?? process.argv[1] ?? ''
}

async function runnable(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK)
    return await realpath(path)
  } catch {
    return undefined
  }
}
