/**
 * What scenarios skip where a shell or a terminal is missing runs here, where all of
 * them are installed: in CI nothing of it is ever skipped.
 */
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import '../scenario/completion.test.ts'

test.runIf(process.env['CI'] !== undefined)('the shells are there', () => {
  expect(['bash', 'zsh', 'fish'].filter((shell) => !existsSync(`/usr/bin/${shell}`))).toEqual([])
})
