/** Every command of kpf that a document shows is one that kpf takes. */
import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readArguments } from '../../src/cli/arguments.ts'
import { unfit } from '../../src/cli/unfit.ts'

const documents = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md'), ...globSync('examples/*/*.md')]

/** Lines of blocks that a person pastes, and what stands between backticks in the text, but for lines of usage. */
function shown(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```(sh|console|bash)\n([^]*?)^```/gm)]
  const lines = blocks.flatMap(([, kind, block = '']) => block.split('\n').filter((line) => kind !== 'console' || line.startsWith('$ ')))
  const inline = [...text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`([^`\n]*)`/g)].map(([, code = '']) => code)
  return [...lines, ...inline.filter((code) => /^(eval "\$\()?kpf /.test(code) && !/[[|]/.test(code))]
}

/** The words of each `kpf` of a line: up to a pipe, a redirection, a comment or the end of a substitution. */
function commands(line: string): readonly (readonly string[])[] {
  return [...line.replace(/\s#.*$/, '').matchAll(/(?:^|[\s(])kpf((?:\s+(?:'[^']*'|[^\s|<>;&)]+))+)/g)].map(([, words = '']) =>
    [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? bare),
  )
}

test.each(documents)('commands of %s', (path) => {
  const all = shown(readFileSync(path, 'utf8')).flatMap(commands)
  const wrong = all.flatMap((words) => {
    const parsed = readArguments(words, {})
    if (parsed.kind === 'usage') return [`kpf ${words.join(' ')}: ${parsed.message}`]
    const misfit = parsed.kind === 'verb' ? unfit(parsed.verb, parsed) : undefined
    return misfit === undefined ? [] : [`kpf ${words.join(' ')}: ${misfit.message}`]
  })
  expect(wrong).toEqual([])
})

test('they are found', () => {
  const found = documents.flatMap((path) => shown(readFileSync(path, 'utf8')).flatMap(commands))
  expect(found.length).toBeGreaterThan(60)
  expect(commands('eval "$(kpf completion bash)" | kpf logs -f  # kpf nothing')).toEqual([
    ['completion', 'bash'],
    ['logs', '-f'],
  ])
})
