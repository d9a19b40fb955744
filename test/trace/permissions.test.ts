/** What a forward has to be allowed to do, by target, transport and version. */
import { expect, test } from 'vitest'
import type { Target } from '../../src/file/forward.ts'
import { leavesNoWay, permissionsFor, permissionText, type TunnelKind } from '../../src/trace/permissions.ts'
import { oneForward } from '../../src/cli/file/ad-hoc-forward.ts'

function targetOf(text: string): Target {
  const forward = oneForward({ target: text, ports: ['80'], access: {} })
  if ('fix' in forward) throw new Error(forward.message)
  return forward.target
}

const now: TunnelKind = { mode: 'auto', minor: 36 }

test.each<[string, readonly string[]]>([
  ['svc/api', ['list services "api"', 'watch services "api"', 'list pods', 'watch pods']],
  ['deploy/api', ['list deployments "api"', 'watch deployments "api"', 'list pods', 'watch pods']],
  ['sts/db', ['list statefulsets "db"', 'watch statefulsets "db"', 'list pods', 'watch pods']],
  ['ds/log', ['list daemonsets "log"', 'watch daemonsets "log"', 'list pods', 'watch pods']],
  ['rs/api', ['list replicasets "api"', 'watch replicasets "api"', 'list pods', 'watch pods']],
  ['rc/api', ['list replicationcontrollers "api"', 'watch replicationcontrollers "api"', 'list pods', 'watch pods']],
  ['job/seed', ['list jobs "seed"', 'watch jobs "seed"', 'list pods', 'watch pods']],
])('to find the pods of %s its object and all pods are read', (text, lookups) => {
  expect(permissionsFor(targetOf(text), now).map(permissionText)).toEqual([...lookups, 'get pods/portforward', 'create pods/portforward'])
})

test('a pod that is named needs rights on that pod only', () => {
  expect(permissionsFor(targetOf('pod/db-0'), now).map(permissionText)).toEqual([
    'list pods "db-0"',
    'watch pods "db-0"',
    'get pods/portforward "db-0"',
    'create pods/portforward "db-0"',
  ])
})

test('pods by label need no object, and a prefix needs all objects of its kind', () => {
  const lookups = (target: Target): readonly string[] => permissionsFor(target, now).slice(0, -2).map(permissionText)
  expect(lookups({ kind: 'selector', labelSelector: 'app=api' })).toEqual(['list pods', 'watch pods'])
  expect(lookups({ kind: 'prefix', of: 'deployment', prefix: 'api-' })).toEqual(['list deployments', 'watch deployments', 'list pods', 'watch pods'])
  expect(lookups({ kind: 'prefix', of: 'pod', prefix: 'api-' })).toEqual(['list pods', 'watch pods'])
})

test.each<[TunnelKind, readonly string[]]>([
  [{ mode: 'auto', minor: 36 }, ['get', 'create']],
  [{ mode: 'auto', minor: 34 }, ['get', 'create']],
  [{ mode: 'auto', minor: undefined }, ['get', 'create']],
  [{ mode: 'websocket', minor: 35 }, ['get', 'create']],
  [{ mode: 'websocket', minor: 34 }, ['get']],
  [{ mode: 'channel', minor: 34 }, ['get']],
  [{ mode: 'websocket', minor: undefined }, ['get', 'create']],
  [{ mode: 'spdy', minor: 36 }, ['create']],
  [{ mode: 'spdy', minor: 20 }, ['create']],
])('%o opens its tunnel with these verbs', (kind, verbs) => {
  const needed = permissionsFor(targetOf('svc/api'), kind).filter(({ subresource }) => subresource === 'portforward')
  expect(needed.map(({ verb }) => verb)).toEqual(verbs)
})

test.each<[readonly string[], TunnelKind, boolean]>([
  [[], now, false],
  [['watch services "api"', 'watch pods'], now, false],
  [['list pods'], now, true],
  [['list services "api"'], now, true],
  [['get pods/portforward'], now, false],
  [['create pods/portforward'], now, true],
  [['create pods/portforward'], { mode: 'auto', minor: 34 }, false],
  [['create pods/portforward'], { mode: 'auto', minor: undefined }, true],
  [['get pods/portforward', 'create pods/portforward'], { mode: 'auto', minor: 34 }, true],
  [['get pods/portforward'], { mode: 'websocket', minor: 34 }, true],
  [['create pods/portforward'], { mode: 'websocket', minor: 36 }, true],
  [['create pods/portforward'], { mode: 'spdy', minor: 36 }, true],
])('without %j, %o has no way: %s', (texts, kind, expected) => {
  const denied = permissionsFor(targetOf('svc/api'), { ...kind, minor: 36 }).filter((permission) => texts.includes(permissionText(permission)))
  expect(denied).toHaveLength(texts.length)
  expect(leavesNoWay(denied, kind)).toBe(expected)
})
