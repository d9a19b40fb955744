import { expect, test } from 'vitest'
import type { Picked } from '../../src/cluster/pick.ts'
import type { Picture } from '../../src/cluster/picture.ts'
import { type Backend, nameOf, seenPod, targetFacts } from '../../src/supervisor/target-facts.ts'
import { failure } from '../../src/tunnel/failure.ts'
import { pod, seen } from '../fake/clusters.ts'

const backend: Backend = { kind: 'backend', pod: pod('a'), ports: new Map(), declared: [], leaving: false, rejected: [], image: 'shop/api:1' }
const none: Picked = { kind: 'no-pod', reason: 'no pod', coming: false, hint: 'scale it up', rejected: [] }
const wrong = failure('KPF_PORT_UNKNOWN', 'no port "http"')

test.each<[string, { backend?: Backend; picked?: Picked; picture?: Picture; requireReady?: boolean }, object]>([
  ['nothing is known', {}, { kind: 'unknown' }],
  ['nothing is seen yet', { picked: none, picture: { kind: 'unknown' } }, { kind: 'unknown' }],
  ['there is none', { picked: none }, { kind: 'none', reason: 'no pod', coming: false, hint: 'scale it up' }],
  ['it cannot be', { picked: wrong }, wrong],
  ['one is in use', { backend }, { kind: 'picked', pod: 'a', image: 'shop/api:1' }],
  ['one is in use, whatever would be picked now', { backend, picked: wrong }, { kind: 'picked', pod: 'a', image: 'shop/api:1', unseen: wrong }],
  [
    'it is not ready',
    { backend, picture: seen(pod('a', { ready: false })) },
    { kind: 'picked', pod: 'a', image: 'shop/api:1', unready: 'pod "a" is not ready' },
  ],
  [
    'it is in trouble',
    { backend, picture: seen(pod('a', { ready: false, trouble: 'Error, exit 1' })) },
    { kind: 'picked', pod: 'a', image: 'shop/api:1', unready: 'pod "a" is not ready: Error, exit 1' },
  ],
  ['it need not be ready', { backend, picture: seen(pod('a', { ready: false })), requireReady: false }, { kind: 'picked', pod: 'a', image: 'shop/api:1' }],
  [
    'it is ending, which is no trouble',
    { backend, picture: seen(pod('a', { ready: false, terminating: true })) },
    { kind: 'picked', pod: 'a', image: 'shop/api:1' },
  ],
])('%s', (_what, known, expected) => {
  const { picked, picture = seen(pod('a')), requireReady = true } = known
  expect(targetFacts({ backend: known.backend, picked, picture, requireReady })).toEqual(expected)
})

test('a pod is found by its UID, not by its name', () => {
  expect(seenPod(seen(pod('a', { uid: 'another' })), backend)).toBeUndefined()
  expect(nameOf(backend)).toEqual({ pod: 'a', image: 'shop/api:1' })
})
