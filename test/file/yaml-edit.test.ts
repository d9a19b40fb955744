import { expect, test } from 'vitest'
import { editYaml } from '../../src/file/yaml-edit.ts'

const TOKEN = 'eyJh.eyJl.c2ln'
const at = (key: string, value: string): { path: (string | number)[]; value: string } => ({ path: ['users', 0, 'user', 'config', key], value })

test('a value is replaced where it stands, and nothing else moves', () => {
  const text = `# mine
users:   # odd    spacing
- name: 'me'
  user:
      config:
          id-token: old   # kept
          refresh-token:   "r1"

          other: {a: 1}
`
  expect(editYaml(text, [at('id-token', TOKEN), at('refresh-token', 'r2: "x"')])).toBe(text.replace('old', TOKEN).replace('"r1"', JSON.stringify('r2: "x"')))
})

test('a key that is missing comes before the first one', () => {
  expect(editYaml('users:\n- user:\n    config:\n      # about it\n      client-id: kpf # c\n', [at('id-token', TOKEN)])).toBe(
    `users:\n- user:\n    config:\n      # about it\n      id-token: ${TOKEN}\n      client-id: kpf # c\n`,
  )
})

test.each([
  ['{"users": [{"user": {"config": {"client-id": "x"}}}]}', `{"users": [{"user": {"config": {"id-token": "${TOKEN}", "client-id": "x"}}}]}`],
  ['{"users": [{"user": {"config": {"id-token": "x"}}}]}', `{"users": [{"user": {"config": {"id-token": "${TOKEN}"}}}]}`],
  ['users: [{user: {config: {id-token: }}}]', `users: [{user: {config: {id-token: ${TOKEN}}}}]`],
  ['users:\n- user:\n    config:\n      id-token:\n      a: b\n', `users:\n- user:\n    config:\n      id-token: ${TOKEN}\n      a: b\n`],
  ['users:\n- user:\n    config:\n      id-token: |\n        x\n      a: b\n', `users:\n- user:\n    config:\n      id-token: ${TOKEN}\n      a: b\n`],
  ['users:\n- user:\n    config:\n      id-token: >-\n        x\n        y\n', `users:\n- user:\n    config:\n      id-token: ${TOKEN}\n`],
  ['users:\r\n- user:\r\n    config:\r\n      id-token: x\r\n      a: b\r\n', `users:\r\n- user:\r\n    config:\r\n      id-token: ${TOKEN}\r\n      a: b\r\n`],
])('%j becomes %j', (text, expected) => {
  expect(editYaml(text, [at('id-token', TOKEN)])).toBe(expected)
})

test.each(['users:\n- user:\n    config: &c\n      id-token: &t x\n- copy: *t\n', 'users: []\n', 'users:\n- user:\n    config: *gone\n'])(
  '%j is left alone: more than the one place would change',
  (text) => {
    expect(() => editYaml(text, [at('id-token', TOKEN)])).toThrow(/./)
  },
)
