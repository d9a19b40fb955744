/**
 * What scenarios skip where a shell or a terminal is missing runs here, where all of
 * them are installed: in CI nothing of it is ever skipped.
 */
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import '../scenario/completion.test.ts'
import '../scenario/screen.test.ts'

test.runIf(process.env['CI'] !== undefined)('the shells and tmux are there', () => {
  expect(['bash', 'zsh', 'fish', 'tmux'].filter((name) => !existsSync(`/usr/bin/${name}`))).toEqual([])
})
