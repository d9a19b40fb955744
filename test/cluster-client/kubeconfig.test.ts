import { expect, test } from 'vitest'
import { readKubeconfig, resolveContext } from '../../src/cluster/kubeconfig.ts'
import { readYaml } from '../../src/file/yaml-values.ts'

const TEAM = `
apiVersion: v1
kind: Config
current-context: shop-dev
clusters: [{ name: dev, cluster: { server: 'https://dev:6443', certificate-authority: pki/ca.crt } }]
contexts: [{ name: shop-dev, context: { cluster: dev, user: me, namespace: shop } }]
users: [{ name: me, user: { tokenFile: token } }]
`
const OWN = `
current-context: other
clusters: [{ name: dev, cluster: { server: 'https://wrong' } }, { name: prod, cluster: { server: 'https://prod' } }]
contexts: [{ name: other, context: { cluster: prod, user: me } }, { name: anonymous, context: { cluster: prod } }]
users: [{ name: me, user: { token: s3cr3t } }]
`

/** Resolves with the context as one line, or the failure as one. */
async function resolve(
  files: Record<string, string>,
  more: { named?: string; context?: string; env?: Record<string, string>; parseYaml?: (text: string) => unknown } = {},
): Promise<string> {
  const readFile = async (path: string): Promise<Buffer> => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
    return Buffer.from(text)
  }
  const parseYaml = more.parseYaml ?? readYaml
  const config = await readKubeconfig(more.named, { readFile, parseYaml, env: more.env ?? {}, home: '/home/me' })
  const found = 'code' in config ? config : resolveContext(config, { context: more.context })
  if ('code' in found) return `${found.code}: ${found.message}`
  const { contextName, namespace, cluster, user } = found
  return [contextName, namespace, cluster.server, cluster.caFile, user.name, user.tokenFile ?? user.token].map((part) => part || '-').join(' ')
}

const two = { '/team/config': TEAM, '/own/config': OWN }
const both = { KUBECONFIG: '/missing:/team/config:/own/config' }

test('of several files the first to set a name wins, and missing ones are skipped', async () => {
  expect(await resolve(two, { env: both })).toBe('shop-dev shop https://dev:6443 /team/pki/ca.crt me /team/token')
  expect(await resolve(two, { env: both, context: 'other' })).toBe('other default https://prod - me /team/token')
})

test('the usual place is read when KUBECONFIG is not set', async () => {
  expect(await resolve({ '/home/me/.kube/config': OWN })).toBe('other default https://prod - me s3cr3t')
})

test('a kubeconfig that is named is the only one', async () => {
  expect(await resolve(two, { env: both, named: '/own/config' })).toBe('other default https://prod - me s3cr3t')
  expect(await resolve(two, { env: both, named: '/nowhere' })).toBe('KPF_KUBECONFIG: no kubeconfig: /nowhere does not exist')
})

test('a context without a user is anonymous', async () => {
  expect(await resolve(two, { env: both, context: 'anonymous' })).toBe('anonymous default https://prod - - -')
})

test('an unknown context is told with those that there are', async () => {
  expect(await resolve(two, { env: both, context: 'shop-prod' })).toBe('KPF_CONTEXT_UNKNOWN: context "shop-prod" is not in /missing, /team/config, /own/config')
})

test('an entry that nobody uses may be broken', async () => {
  const broken = OWN.replace('clusters: [', 'clusters: [{ name: half }, ')
  expect(await resolve({ '/c': broken }, { named: '/c' })).toBe('other default https://prod - me s3cr3t')
})

test('in a pod without a kubeconfig the service account is used', async () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }
  const account = '/var/run/secrets/kubernetes.io/serviceaccount'
  expect(await resolve({ [`${account}/namespace`]: 'shop' }, { env })).toBe(
    `in-cluster shop https://10.0.0.1:443 ${account}/ca.crt in-cluster ${account}/token`,
  )
})

test.each([
  ['[1, 2]', 'KPF_KUBECONFIG: kubeconfig /c is empty or no map'],
  ['kind: Pod', 'KPF_KUBECONFIG: /c is no kubeconfig: its kind is "Pod"'],
  [
    'contexts: [{ name: a, context: { cluster: gone, user: u } }]\ncurrent-context: a',
    'KPF_KUBECONFIG: context "a" names cluster "gone", which is missing or incomplete in /c',
  ],
])('a file with %j is refused with a reason', async (text, expected) => {
  expect(await resolve({ '/c': text }, { named: '/c' })).toBe(expected)
})

test.each<[string, object, string]>([
  ['where the parser says it is', { linePos: [{ line: 3, col: 9 }] }, ' (line 3)'],
  ['without a place where the parser has none', {}, ''],
])('a YAML mistake is told %s, whatever its words say', async (_what, more, place) => {
  const parseYaml = (): never => {
    throw Object.assign(new Error('no tag "line 77"'), more)
  }
  expect(await resolve({ '/c': 'x' }, { named: '/c', parseYaml })).toBe(`KPF_KUBECONFIG: kubeconfig /c is not valid YAML${place}`)
})

test('a YAML mistake is told by its place, never by its text, for that may be a secret', async () => {
  const told = await resolve({ '/c': 'users:\n  - name: me\n    user: { token: s3cr3t\n  x: [' }, { named: '/c' })
  expect(told).toBe('KPF_KUBECONFIG: kubeconfig /c is not valid YAML (line 4)')
  expect(await resolve({ '/c': 'a: b\n"s3cr3t" "s3cr3t": [' }, { named: '/c' })).not.toMatch(/s3cr3t/)
})
