/** Flags as they were written, or as their variables set them; and whose mistake a wrong one is. */
import { expect, test } from 'vitest'
import { mistake } from '../../src/cli/mistake.ts'
import { type FlagsRead, readFlags } from '../../src/cli/read-flags.ts'
import { globalFlags, verbs } from '../../src/cli/verbs.ts'

const up = [...globalFlags, ...(verbs.find(({ name }) => name === 'up')?.flags ?? [])]
const read = (line: string, env: Readonly<Record<string, string>> = {}): unknown =>
  readFlags(line === '' ? [] : line.split(' '), up, { env, see: 'see: kpf help up' })

test('what was written is told as that; what a variable sets is told with the variable', () => {
  expect(read('-n shop api --wait', { KPF_NAMESPACE: 'other', KPF_CONTEXT: 'dev', KPF_FILE: 'a.yaml' })).toEqual({
    flags: { namespace: 'shop', wait: true, context: 'dev', file: 'a.yaml' },
    sources: { context: 'KPF_CONTEXT', file: 'KPF_FILE' },
    words: ['api'],
  })
})

test('the same value from both is that of the flag', () => {
  expect(read('--context dev', { KPF_CONTEXT: 'dev' })).toMatchObject({ flags: { context: 'dev' }, sources: {} })
})

test('the last of a flag counts; of a repeatable one all do', () => {
  expect(read('-n a -n b -f one -f two --env-file=x')).toMatchObject({ flags: { namespace: 'b', file: ['one', 'two'], 'env-file': ['x'] } })
})

test.each([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
])('a switch of a variable is on or off: %s', (value, isOn) => {
  expect(read('', { KPF_WAIT: value })).toMatchObject({ flags: { wait: isOn } })
})

test('an empty variable sets nothing; help and version have none', () => {
  expect(read('', { KPF_WAIT: '', KPF_CONTEXT: '', KPF_HELP: '1', KPF_VERSION: '2' })).toEqual({ flags: {}, sources: {}, words: [] })
})

test.each([
  ['', { KPF_WAIT: 'yes' }, 'KPF_WAIT is 1 or 0, not "yes"', '1 is --wait, 0 is as if it were not set'],
  ['--wait=5s', {}, '--wait takes no value: "5s"', 'write --wait alone'],
  ['--context', {}, '--context wants a value: NAME', 'see: kpf help up'],
  ['-n', {}, '-n wants a value: NS', 'see: kpf help up'],
  ['-n --wait', {}, '-n wants a value: NS, and "--wait" is a flag', 'if it is meant, write --namespace=--wait'],
  ['-dx', {}, 'unknown flag "-x"', 'see: kpf help up'],
  ['--no-wacht', {}, 'unknown flag "--no-wacht"', 'did you mean "--no-watch"?'],
])('a slip is told with what to write: %s %j', (line, env, message, fix) => {
  expect(read(line, env)).toEqual({ message, fix })
})

test('what only looks like a flag can be given', () => {
  expect(read('-f - --context=--odd -- -n')).toMatchObject({ flags: { file: ['-'], context: '--odd' }, words: ['-n'] })
})

/** What is said of a wrong flag, on a command line. */
function said(line: string, env: Readonly<Record<string, string>>, flag: string): string {
  let all = ''
  const { sources } = readFlags(line === '' ? [] : line.split(' '), up, { env, see: '' }) as FlagsRead
  mistake({ err: (text) => void (all += text), sources }, { message: 'that is wrong', fix: 'write another', flag })
  return all
}

test('a mistake in a flag is told with the variable that has set it, whatever its words are', () => {
  const env = { KPF_NAMESPACE: 'partial', KPF_OUTPUT: 'xml' }
  expect(said('', env, 'output')).toBe('kpf: that is wrong\n    write another\n    it is set by KPF_OUTPUT\n')
  expect(said('-o xml', env, 'output')).toBe('kpf: that is wrong\n    write another\n')
  expect(said('', env, 'context')).toBe('kpf: that is wrong\n    write another\n')
})
