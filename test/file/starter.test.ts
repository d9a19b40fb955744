/** A first file is a good file: it loads, and its ports are its own. */
import { expect, test } from 'vitest'
import { loadBytes } from '../../src/file/load.ts'
import { starterText } from '../../src/file/starter.ts'

const load = (text: string): ReturnType<typeof loadBytes> => loadBytes('forwards.yaml', new TextEncoder().encode(text), { directory: '/', flags: {} })

test('the services of a namespace become forwards on ports that nobody else has', () => {
  const text = starterText({
    context: 'kind-dev',
    namespace: 'shop',
    services: [
      { name: 'api', ports: [{ port: 80 }, { port: 9090 }] },
      { name: 'web', ports: [{ port: 80 }] },
      { name: '1st', ports: [{ port: 65_535 }] },
      { name: 'none', ports: [] },
    ],
  })
  expect(text).toMatchInlineSnapshot(`
    "# yaml-language-server: $schema=https://kpf.dev/schema/forwards.schema.json
    # A forward is a line, as for kubectl port-forward. To start them all: kpf up
    apiVersion: kpf/v1
    context: kind-dev
    namespace: shop

    forwards:
      api: svc/api 8080:80 9090:9090
      web: svc/web 8081:80
      "1st": svc/1st 65535:65535
    "
  `)
  expect(load(text).kind).toBe('loaded')
})

test('without services it is a file to begin with, whatever the context is called', () => {
  for (const context of ['arn:aws:eks:eu-1:1:cluster/x', 'true', '$x', '"', 'a: b', '']) {
    const loaded = load(starterText({ context, namespace: 'on', services: [] }))
    expect(loaded.kind, context).toBe(context === '' ? 'rejected' : 'loaded')
  }
})

test('the forward that a file without services shows can be had by taking the marks away', () => {
  const [head = '', example = ''] = starterText({ context: 'kind-dev', namespace: 'shop', services: [] }).split('forwards: {}\n')
  const loaded = load(`${head}${example.replaceAll(/^# /gm, '')}`)
  expect(loaded.kind === 'loaded' && loaded.project.forwards.map(({ name }) => name)).toEqual(['web'])
})
