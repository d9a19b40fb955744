import { expect, test } from 'vitest'
import { readYaml } from '../../src/file/yaml-values.ts'
import type { Target } from '../../src/file/forward.ts'
import { gather, rulesFor } from '../../src/rbac/needs.ts'
import { type Grant, grantsList, grantsText, subjectOf } from '../../src/rbac/role.ts'
import { minorOf, permissionsFor } from '../../src/trace/permissions.ts'

type Mode = Parameters<typeof permissionsFor>[1]['mode']

function needsOf(...wanted: readonly (readonly [string, Target, Mode?, (number | undefined)?])[]): Grant['needs'] {
  return gather(wanted.map(([forward, target, mode = 'auto', minor]) => ({ forward, permissions: permissionsFor(target, { mode, minor }) })))
}

function rulesText(needs: Grant['needs']): readonly string[] {
  return rulesFor(needs).map(
    ({ rule: { resources, resourceNames, verbs }, forwards }) =>
      `${verbs.join(',')} ${resources.join()} [${resourceNames?.join(',') ?? '*'}] ${forwards.join(',')}`,
  )
}

const web: Target = { kind: 'service', name: 'web' }
const api: Target = { kind: 'service', name: 'api' }
const db: Target = { kind: 'pod', name: 'db-0' }

test('a pod by name needs nothing of other pods', () => {
  expect(rulesText(needsOf(['db', db]))).toEqual(['list,watch pods [db-0] db', 'get,create pods/portforward [db-0] db'])
})

test('objects of one kind share a rule with all of their names', () => {
  expect(rulesText(needsOf(['web', web], ['api', api], ['again', web]))).toEqual([
    'list,watch services [api,web] web,again,api',
    'list,watch pods [*] web,api,again',
    'get,create pods/portforward [*] web,api,again',
  ])
})

test('one forward that needs all objects widens the rule for the others', () => {
  expect(rulesText(needsOf(['db', db], ['web', web]))).toContain('list,watch pods [*] db,web')
  expect(rulesText(needsOf(['one', web], ['any', { kind: 'prefix', of: 'service', prefix: 'w' }]))).toContain('list,watch services [*] one,any')
})

test.each<[Mode, number | undefined, string]>([
  ['websocket', 34, 'get'],
  ['websocket', 35, 'get,create'],
  ['websocket', undefined, 'get,create'],
  ['channel', 34, 'get'],
  ['channel', 36, 'get,create'],
  ['spdy', 34, 'create'],
  ['spdy', 36, 'create'],
  ['auto', 34, 'get,create'],
])('the tunnel of %s on 1.%s needs %s', (mode, minor, verbs) => {
  expect(rulesText(needsOf(['web', web, mode, minor])).at(-1)).toBe(`${verbs} pods/portforward [*] web`)
})

test('a server goes by the rules of the version that it emulates', () => {
  expect(minorOf({ minor: '36', emulationMinor: '34' })).toBe(34)
  expect(minorOf({ minor: '27+' })).toBe(27)
  expect(minorOf({})).toBeUndefined()
})

test('verbs that reach differently far are rules of their own', () => {
  const needs = needsOf(['db', db, 'websocket', 34], ['web', web, 'spdy', 34])
  expect(rulesText(needs).filter((line) => line.includes('portforward'))).toEqual(['get pods/portforward [db-0] db', 'create pods/portforward [*] web'])
})

test('a service without a selector needs the slices that name its pods', () => {
  const permissions = permissionsFor(web, { mode: 'auto', minor: undefined }, { hasNoSelector: true })
  expect(rulesText(gather([{ forward: 'web', permissions }]))).toContain('list,watch endpointslices [*] web')
})

const grant: Grant = {
  name: 'kpf-shop',
  namespace: 'shop',
  subject: subjectOf('User', 'dev@example.com'),
  needs: needsOf(['web', web], ['db', db]),
  notes: ['context dev'],
}

test('the text says who needs what and why', () => {
  expect(grantsText([grant])).toMatchInlineSnapshot(`
    "# context dev
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: kpf-shop
      namespace: shop
    rules:
      # web: find the service
      - apiGroups: [""]
        resources: ["services"]
        resourceNames: ["web"]
        verbs: ["list", "watch"]
      # web, db: find its pods, and see them come and go; follow the pod
      - apiGroups: [""]
        resources: ["pods"]
        verbs: ["list", "watch"]
      # web, db: open the tunnel (a WebSocket begins with a GET); open the tunnel (since 1.35 a WebSocket needs create as well)
      - apiGroups: [""]
        resources: ["pods/portforward"]
        verbs: ["get", "create"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: kpf-shop
      namespace: shop
    subjects:
      - kind: User
        name: "dev@example.com"
        apiGroup: rbac.authorization.k8s.io
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: kpf-shop"
  `)
})

test('the text and the data are the same objects', () => {
  const items = grantsText([grant, { ...grant, name: 'kpf-true', namespace: 'true', subject: subjectOf('Group', 'a "b": #c') }])
    .split('---\n')
    .map((document) => readYaml(document))
  expect({ apiVersion: 'v1', kind: 'List', items }).toEqual(
    grantsList([grant, { ...grant, name: 'kpf-true', namespace: 'true', subject: subjectOf('Group', 'a "b": #c') }]),
  )
})

test('a service account is bound as one, also when it is known by its user name', () => {
  expect(subjectOf('User', 'system:serviceaccount:ci:deployer')).toEqual({ kind: 'ServiceAccount', namespace: 'ci', name: 'deployer' })
})

test('a note cannot break out of its comment', () => {
  expect(grantsText([{ ...grant, notes: ['a\nrules: []'] }]).split('\n')[0]).toBe('# a\\u{a}rules: []')
})
