/** What is typed slightly wrong is answered with what was meant: of the cluster, of the file, of the verbs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox
let project: ScenarioProject

beforeAll(async () => {
  sandbox = await startShop()
  project = await ScenarioProject.make(`forwards:\n  shop-db: svc/web ${await freePort()}:80\n  ps: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
})
afterAll(async () => {
  await project[Symbol.asyncDispose]()
  await sandbox.close()
})

test.each<[string, readonly string[], string]>([
  ['a service', ['svc/wbe', ':80'], 'did you mean "svc/web"?'],
  ['a service, by its long name', ['-n', 'shop', 'service/webb', ':80'], 'did you mean "service/web"?'],
  ['a workload', ['deploy/wep', ':8080'], 'did you mean "deploy/web"?'],
  ['a service that was written as a pod', ['web', ':80'], 'did you mean "svc/web"?'],
  ['a forward of the file', ['shop-db', '3000:80'], 'for the forward of forwards.yaml: kpf up shop-db'],
  ['a verb', ['restarrt', '3000'], 'did you mean "kpf restart"?'],
])('%s of the ad-hoc form', async (_what, words, hint) => {
  const { code, stdout, stderr } = await project.run(...words)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^kpf: \w+ "[\w-]+" does not exist in namespace "shop"\n {4}/)
  expect(stderr.split('\n').slice(1)).toEqual([`    ${hint}`, ''])
})

test('a name that nothing is near to is told with what is there', async () => {
  const { stderr } = await project.run('svc/postgres', ':80')
  expect(stderr).toBe('kpf: service "postgres" does not exist in namespace "shop"\n    there is "web"; see: kubectl get services -n shop --context sample\n')
})

test.each<[readonly string[], string, string]>([
  [['shop-db'], 'unknown verb "shop-db"', 'for the forward of forwards.yaml: kpf up shop-db'],
  [['shop-dbb'], 'unknown verb "shop-dbb"', 'for the forward of forwards.yaml: kpf up shop-db'],
  [['postgres'], 'unknown verb "postgres"', 'see: kpf help. For a forward to a pod of that name, add a port: kpf postgres 8080:80'],
  [['chekc'], 'unknown verb "chekc"', 'did you mean "kpf check"?'],
])('a first word that is no verb, without a port: %j', async (words, message, fix) => {
  expect(await project.run(...words)).toEqual({ code: 2, stdout: '', stderr: `kpf: ${message}\n    ${fix}\n` })
})

test.each(['-V', '-v', '--version'])('kpf %s alone says the version', async (flag) => {
  expect(await project.run(flag)).toEqual({ code: 0, stdout: expect.stringMatching(/^kpf \d+\.\d+\.\d+\n$/), stderr: '' })
})
