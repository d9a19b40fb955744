/** What a second command line says beside the files. */
import { expect, test } from 'vitest'
import type { Context } from '../../../src/cli/context.ts'
import { termsOf, withTerms } from '../../../src/cli/file/terms.ts'
import { differences, readTerms } from '../../../src/control/terms.ts'

/** Only what terms are made of. */
function line(flags: Context['flags'], env: Context['env'] = {}): Context {
  return { flags, env, cwd: '/work', home: '/home/me' } as Context
}

const first = line({ context: 'dev', 'env-file': ['a.env'] }, { KPF_PROFILES: 'observe', PORT: '1', TOKEN: 'secret' })

test('flags, files of variables and variables are told, places as absolute paths', () => {
  expect(termsOf(first, ['PORT', 'HOST'])).toEqual({
    context: 'dev',
    profiles: ['observe'],
    envFiles: ['/work/a.env'],
    isWithoutNeeds: false,
    keepsOrphans: false,
    isApproved: false,
    variables: {
      KUBECONFIG: '/home/me/.kube/config',
      ...Object.fromEntries(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'].map((name) => [name, null])),
      PORT: '1',
      HOST: null,
    },
  })
})

test('they take the place of those before, and are told to differ by their names alone', () => {
  const second = termsOf(line({ namespace: 'shop', profile: ['a', 'b'] }, { TOKEN: 'other', HOST: 'h' }), ['TOKEN', 'HOST', 'PORT'])
  const before = termsOf(first, Object.keys(second.variables))
  expect(differences(before, second)).toEqual(['--context', '--namespace', '--profile', '--env-file', '$TOKEN', '$HOST', '$PORT'])
  const joined = withTerms(first, second)
  expect(termsOf(joined, ['TOKEN', 'HOST', 'PORT'])).toEqual(second)
  expect(differences(termsOf(joined, Object.keys(second.variables)), second)).toEqual([])
  // None of the second means none, whatever the environment of the first says.
  expect(termsOf(withTerms(first, { ...second, profiles: [] }), []).profiles).toEqual([])
})

test.each([null, [], {}, { profiles: ['a'], envFiles: [], variables: { A: 1 } }, { profiles: 'a', envFiles: [], variables: {} }, { context: 1 }])(
  'what comes over the socket is looked at: %j',
  (value) => {
    expect(readTerms(value)).toBeUndefined()
  },
)

test('what was sent is what is read', () => {
  const terms = termsOf(first, ['PORT', 'HOST'])
  expect(readTerms(JSON.parse(JSON.stringify(terms)))).toEqual(terms)
})
