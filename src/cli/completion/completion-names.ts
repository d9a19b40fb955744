/** Names that a completion has to look up: in the forwards file, or beyond it. */
import { dirname, join, resolve } from 'node:path'
import { isOutside } from '../../file/outside.ts'
import { realFiles, realPathOf } from '../../system/files.ts'
import type { Asker } from './completion-answer.ts'
import { forwardNames, includedFiles, profileNames } from './completion-file.ts'
import type { Candidate, Offer } from './completion-line.ts'
import { findFile, projectRoot } from '../find-file.ts'
import { verbs } from '../verbs.ts'

const MAX_BYTES = 1024 * 1024
const MAX_FILES = 20

/** All names of the kinds that are asked for. */
export async function lookUp(offer: Offer, asker: Asker): Promise<readonly Candidate[]> {
  const lists = await Promise.all(offer.lookUp.map((kind) => namesOf(kind, offer, asker)))
  return lists.flat()
}

async function namesOf(kind: Offer['lookUp'][number], offer: Offer, asker: Asker): Promise<readonly Candidate[]> {
  switch (kind) {
    case 'file':
      return []
    case 'verb':
      return verbs.map(({ name, summary }) => ({ value: name, meaning: summary }))
    case 'code': {
      const { catalogue } = await import('../../doctor/catalogue.ts')
      return catalogue.map(({ code }) => ({ value: code, meaning: '' }))
    }
    case 'forward':
    case 'profile': {
      const texts = await fileTexts(offer, asker)
      return texts.flatMap((text) => (kind === 'forward' ? forwardNames(text) : profileNames(text))).map((value) => ({ value, meaning: '' }))
    }
    case 'own-port': {
      const { ownPortNames } = await import('./completion-running.ts')
      return ownPortNames(offer, asker)
    }
    case 'context':
    case 'namespace':
    case 'target':
    case 'port': {
      const { clusterNames } = await import('./completion-cluster.ts')
      return clusterNames(kind, offer, asker)
    }
  }
}

/** The files that are meant, what stands beside them, and what they include of the project itself: other files wait for approval. */
async function fileTexts({ flags }: Offer, asker: Asker): Promise<readonly string[]> {
  const { KPF_FILE: variable } = asker.env
  const named = flags.get('file') ?? (variable ? [variable] : [])
  const found = named.length > 0 ? undefined : await findFile(asker.cwd, realFiles)
  const roots = found ? [found.path, join(dirname(found.path), 'forwards.override.yaml')] : named.map((name) => resolve(asker.cwd, name))
  const root = await realPathOf(await projectRoot(dirname(roots[0] ?? asker.cwd), realFiles))
  const texts: string[] = []
  const paths = [...roots]
  for (const path of paths.values()) {
    if (texts.length >= MAX_FILES) break
    const read = await realFiles.read(path, MAX_BYTES)
    if (read.kind !== 'read' || (!roots.includes(path) && isOutside(root, read.realPath ?? path))) continue
    const text = Buffer.from(read.bytes).toString('utf8')
    texts.push(text)
    for (const included of includedFiles(text).map((name) => resolve(dirname(path), name))) if (!paths.includes(included)) paths.push(included)
  }
  return texts
}
