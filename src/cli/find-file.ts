/** Where the forwards file is: named by `-f`, or found upwards to the repository's root. */
import { dirname, join, resolve } from 'node:path'
import type { Files } from '../system/files.ts'

/** The file, and whether it was named. */
export interface FoundFile {
  readonly path: string
  /** As people call it: relative to where they stand, when it was found there. */
  readonly shownAs: string
  readonly isNamed: boolean
}

const NAMES = ['forwards.yaml', 'forwards.yml']

/** Finds the file; undefined when there is none up to the repository's root. */
export async function findFile(cwd: string, named: string | undefined, files: Files): Promise<FoundFile | undefined> {
  if (named !== undefined) return { path: resolve(cwd, named), shownAs: named, isNamed: true }
  for (let directory = cwd; ; directory = dirname(directory)) {
    for (const name of NAMES) {
      const path = join(directory, name)
      const read = await files.read(path, 0)
      if (read.kind !== 'missing') return { path, shownAs: directory === cwd ? name : path, isNamed: false }
    }
    const isRoot = (await files.read(join(directory, '.git'), 0)).kind !== 'missing'
    if (isRoot || dirname(directory) === directory) return undefined
  }
}
