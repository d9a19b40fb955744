/** Where the forwards file is: found upwards to the repository's root. */
import { dirname, join } from 'node:path'
import type { Files } from '../system/files.ts'

/** The directory that a file's project begins in: the repository's root, or its own without one. */
export async function projectRoot(directory: string, files: Files): Promise<string> {
  for (let above = directory; ; above = dirname(above)) {
    if ((await files.read(join(above, '.git'), 0)).kind !== 'missing') return above
    if (dirname(above) === above) return directory
  }
}

/** The file. */
export interface FoundFile {
  readonly path: string
  /** As people call it: relative to where they stand, when it was found there. */
  readonly shownAs: string
}

const NAMES = ['forwards.yaml', 'forwards.yml']

/** Finds the file; undefined when there is none up to the repository's root. */
export async function findFile(cwd: string, files: Files): Promise<FoundFile | undefined> {
  for (let directory = cwd; ; directory = dirname(directory)) {
    for (const name of NAMES) {
      const path = join(directory, name)
      const read = await files.read(path, 0)
      if (read.kind !== 'missing') return { path, shownAs: directory === cwd ? name : path }
    }
    const isRoot = (await files.read(join(directory, '.git'), 0)).kind !== 'missing'
    if (isRoot || dirname(directory) === directory) return undefined
  }
}
