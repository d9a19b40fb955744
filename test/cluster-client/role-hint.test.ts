import { expect, test } from 'vitest'
import { roleWords } from '../../src/cluster/role-hint.ts'

const place = { context: 'dev', namespace: 'shop' }

test.each([
  ['by its name', { name: 'api', position: { file: 'forwards.yaml' }, target: { kind: 'service', name: 'web' } }, 'api'],
  ['by its target in no file', { name: 'forward', position: { file: '' }, target: { kind: 'service', name: 'web' } }, '-n shop --context dev service/web'],
  ['not at all', { name: 'forward', position: { file: '' }, target: { kind: 'selector', labelSelector: 'app=web' } }, undefined],
] as const)('a forward is named to kpf rbac %s', (_how, forward, words) => {
  expect(roleWords(forward, place)).toBe(words)
})
