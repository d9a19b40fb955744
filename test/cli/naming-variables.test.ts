/** Whose mistake a message tells: that of a variable, or of something else that has the same value in it. */
import { expect, test } from 'vitest'
import { namingVariables } from '../../src/cli/naming-variables.ts'
import { globalFlags } from '../../src/cli/verbs.ts'

const env = { KPF_NAMESPACE: 'partial', KPF_CONTEXT: 'dev', KPF_OUTPUT: 'xml', KPF_PORT_OFFSET: 'many' }
const flags = { namespace: 'partial', context: 'dev', output: 'xml', 'port-offset': 'many' }

function said(text: string, given: Readonly<Record<string, string>> = flags): string {
  let all = ''
  namingVariables(globalFlags, { env, flags: given, err: (part) => void (all += part) })(text)
  return all
}

test.each([
  ['KPF_PORT_OFFSET', 'kpf: --port-offset is a number from 0, not "many"\n    write --port-offset 1000\n'],
  ['KPF_OUTPUT', 'kpf: check knows no output "xml"\n    use text, json or github\n'],
  ['KPF_CONTEXT', 'kpf: context "dev" is not in /home/dev/.kube/config\n    see: kubectl config get-contexts\n'],
  ['KPF_CONTEXT', 'kpf: web: failed: context "dev" is not in /home/dev/.kube/config\n    see: kubectl config get-contexts\n'],
])('a mistake in %s is told with its name', (variable, text) => {
  expect(said(text)).toBe(`${text}    it is set by ${variable}\n`)
})

test('a mistake in a flag that was typed is told with no variable', () => {
  const text = 'kpf: check knows no output "yaml"\n    use text, json or github\n'
  expect(said(text, { ...flags, output: 'yaml' })).toBe(text)
})

// The last line of a job's log is the reason; it was "it is set by KPF_NAMESPACE", of a forward that waits for its Service.
test.each([
  'kpf: timed out after 2 s\n    api: waiting: service "api" does not exist in namespace "partial"; see: kubectl get services -n partial\n',
  'kpf: api: failed: not allowed in namespace "partial": create pods/portforward\n    ask for this role: kpf rbac api\n',
  'kpf: no forward "dev" in forwards.yaml\n    it has: web\n',
  'kpf: this project does not run\n    start it with: kpf up -d --context dev\n',
])('what has the value of a variable in it, and is no mistake in it, is told as it is: %j', (text) => {
  expect(said(text)).toBe(text)
})
