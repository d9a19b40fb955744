/** A forward is added to a file, and nothing else of it changes. */
import { expect, test } from 'vitest'
import { withForward } from '../../src/file/yaml-add.ts'

const LINE = 'svc/api 8080:80'

test.each<[string, string, string]>([
  ['nothing', '', 'forwards:\n  api: svc/api 8080:80\n'],
  ['a comment alone', '# mine\n', '# mine\nforwards:\n  api: svc/api 8080:80\n'],
  ['no forwards yet, and no line break', 'name: shop', 'name: shop\nforwards:\n  api: svc/api 8080:80\n'],
  ['an empty key', 'forwards: # none\nname: shop\n', 'forwards: # none\n  api: svc/api 8080:80\nname: shop\n'],
  ['an empty map', 'forwards: {}\n', 'forwards:\n  api: svc/api 8080:80\n'],
  ['one forward', 'forwards:\n  web: svc/web 80\n', 'forwards:\n  web: svc/web 80\n  api: svc/api 8080:80\n'],
  ['no break at the end', 'forwards:\n  web: svc/web 80', 'forwards:\n  web: svc/web 80\n  api: svc/api 8080:80\n'],
  [
    'another indentation, and a comment on the line',
    'forwards:\n    web: svc/web 80  # the page\n',
    'forwards:\n    web: svc/web 80  # the page\n    api: svc/api 8080:80\n',
  ],
  [
    'a long form, comments and keys behind it',
    'forwards:\n  web:\n    target: svc/web\n    ports:\n      - 80 # http\n\n# exports\nexports:\n  A: b\n',
    'forwards:\n  web:\n    target: svc/web\n    ports:\n      - 80 # http\n  api: svc/api 8080:80\n\n# exports\nexports:\n  A: b\n',
  ],
  ['a flow map', 'forwards: { web: svc/web 80 }\n', 'forwards: { web: svc/web 80, api: "svc/api 8080:80" }\n'],
  ['carriage returns', 'forwards:\r\n  web: svc/web 80\r\n', 'forwards:\r\n  web: svc/web 80\r\n  api: svc/api 8080:80\r\n'],
  [
    'a block scalar at the end',
    'forwards:\n  web: >-\n    svc/web\n    80\nname: x\n',
    'forwards:\n  web: >-\n    svc/web\n    80\n  api: svc/api 8080:80\nname: x\n',
  ],
])('behind %s', (_what, before, after) => {
  expect(withForward(before, 'api', LINE)).toBe(after)
})

test.each(['--address :: svc/api 80', 'svc/api 80 # x', '-n shop svc/api :80'])('a line that YAML would take for something else is quoted: %s', (line) => {
  expect(withForward('', 'api', line)).toBe(`forwards:\n  api: ${line.startsWith('-n') ? line : JSON.stringify(line)}\n`)
})

test.each(['forwards: [\n', '- a\n', '{ forwards: {} }\n', 'forwards: text\n', 'forwards: [a]\n'])('where there is no place it says so: %j', (text) => {
  expect(() => withForward(text, 'api', LINE)).toThrow()
})
