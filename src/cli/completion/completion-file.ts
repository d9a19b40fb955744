/**
 * Names that a forwards file holds, found without reading YAML: completion has a few
 * milliseconds, and the YAML package alone takes more. Pure.
 *
 * What is written in blocks is found, one line a forward, as every example is; a file in
 * braces gives none.
 */

/** The keys below `forwards:`. */
export function forwardNames(text: string): readonly string[] {
  return blockBelow(text, 'forwards').flatMap((line) => /^(["']?)([\w.-]+)\1\s*:(\s|$)/.exec(line)?.[2] ?? [])
}

/** All that `profiles: [a, b]` names, anywhere. */
export function profileNames(text: string): readonly string[] {
  const lists = [...text.matchAll(/\bprofiles:\s*\[([^\]\n]*)\]/g)].map(([, list = '']) => list)
  return [...new Set(lists.flatMap((list) => list.split(',').map(bare)))].filter((name) => name !== '')
}

/** Paths of `include:`, in its short forms. */
export function includedFiles(text: string): readonly string[] {
  const inline = /^include:\s*\[([^\]\n]*)\]/m.exec(text)?.[1]?.split(',') ?? []
  const block = blockBelow(text, 'include').flatMap((line) => /^-\s+(?:path:\s*)?([^#:]+)/.exec(line)?.[1] ?? [])
  return [...inline, ...block].map(bare).filter((path) => path !== '')
}

/** The lines of the first level below a top-level key, without their indentation. */
function blockBelow(text: string, key: string): readonly string[] {
  const lines = text.split(/\r?\n/)
  const start = lines.findIndex((line) => new RegExp(`^${key}:\\s*(#.*)?$`).test(line))
  if (start === -1) return []
  const inside: string[] = []
  for (const line of lines.slice(start + 1)) {
    if (/^\s*(#.*)?$/.test(line)) continue
    // A list may stand as far left as its key.
    if (/^\S/.test(line) && !line.startsWith('- ')) break
    inside.push(line)
  }
  const indent = /^\s*/.exec(inside[0] ?? '')?.[0].length ?? 0
  return inside.filter((line) => line.length - line.trimStart().length === indent).map((line) => line.trimStart())
}

function bare(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2')
}
