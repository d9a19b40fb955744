/** The forms of the variables: each is read back by the program it is for, where this machine has it. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { exportsText, portsText, shells } from '../../../src/cli/ask/exports.ts'
import type { ForwardBody } from '../../../src/control/shapes.ts'
import { readEnvFile } from '../../../src/file/env-file.ts'
import { Source } from '../../../src/file/document.ts'
import { status } from '../../control/world.ts'

const nasty = 'it\'s "$HOME" `id` \\n \\\' ’ #!\nsecond $(id)'

test('each form is what its reader takes', () => {
  const one = [['DB_PORT', '5432']] as const
  expect(shells.map((shell) => exportsText(one, shell))).toEqual([
    "export DB_PORT='5432'\n",
    "set -gx DB_PORT '5432'\n",
    "$Env:DB_PORT = '5432'\n",
    'DB_PORT=5432\n',
    '{\n  "DB_PORT": "5432"\n}\n',
    'DB_PORT=5432\n',
  ])
})

test('no value means anything to the shell that reads it', () => {
  const script = `${exportsText([['V', nasty]], 'shell')}printf %s "$V"`
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(nasty)
  expect(exportsText([['V', "a'b\\c"]], 'fish')).toBe("set -gx V 'a\\'b\\\\c'\n")
  expect(exportsText([['V', "a'b’c $x"]], 'powershell')).toBe("$Env:V = 'a''b’’c $x'\n")
})

test.each([nasty, 'a b', 'plain', '', 'postgres://app@127.0.0.1:5432/shop', 'x # y', '$HOME'])('a dotenv file gives the value back: %j', (value) => {
  const { values, problems } = readEnvFile(new Source('env', exportsText([['V', value]], 'dotenv')))
  expect([values.get('V'), problems]).toEqual([value, []])
})

test('for GitHub a value of several lines stands between marks that it does not hold', () => {
  expect(exportsText([['V', 'a\nend\nb']], 'github')).toBe('V<<end_end\na\nend\nb\nend_end\n')
})

test('the file of ports has every forward that runs, where it can be reached, and the variables', () => {
  const [base] = status(['api']).forwards
  if (base === undefined) throw new Error('there is one')
  const forward = (name: string, changes: Partial<ForwardBody>): ForwardBody => ({ ...base, name, ...changes })
  const port = { localPort: 5432, remotePort: 5432, url: 'http://127.0.0.1:5432' }
  const all = [forward('web', {}), forward('db', { ports: [{ ...port, address: '0.0.0.0' }] }), forward('off', { state: 'stopped' })]
  expect(JSON.parse(portsText(all, { DB_PORT: '5432' }))).toMatchObject({
    v: 1,
    forwards: { web: {}, db: { ports: [{ address: '127.0.0.1', localPort: 5432 }] } },
    exports: { DB_PORT: '5432' },
  })
  expect(portsText(all, {})).not.toContain('"off"')
})
