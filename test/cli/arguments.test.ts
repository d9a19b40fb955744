/** Words and flags of a command line, where a verb has its own mind of them. */
import { expect, test } from 'vitest'
import { readArguments } from '../../src/cli/arguments.ts'

const read = (...argv: readonly string[]): unknown => {
  const parsed = readArguments(argv, {})
  return parsed.kind === 'verb' ? [parsed.verb.name, parsed.words, { ...parsed.flags }, parsed.command] : parsed
}

test('-f is the file, but after logs and events it follows', () => {
  expect(read('ps', '-f', 'a.yaml')).toEqual(['ps', [], { file: ['a.yaml'] }, []])
  expect(read('logs', '-f', 'api')).toEqual(['logs', ['api'], { follow: true }, []])
  expect(read('-f', 'a.yaml', 'logs', '-f', 'api')).toEqual(['logs', ['api'], { file: ['a.yaml'], follow: true }, []])
  expect(read('events', '--file', 'a.yaml', '-f')).toEqual(['events', [], { file: ['a.yaml'], follow: true }, []])
})

test('short flags of a verb are its own', () => {
  expect(read('up', '-d', 'api')).toEqual(['up', ['api'], { detach: true }, []])
  expect(read('down', '-t', '5s')).toEqual(['down', [], { timeout: '5s' }, []])
  expect(read('ps', '-d')).toMatchObject({ kind: 'usage', message: 'unknown flag "-d"' })
})
