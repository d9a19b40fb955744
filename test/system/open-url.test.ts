/** Which program is handed an address. */
import { expect, test } from 'vitest'
import { openers } from '../../src/system/open-url.ts'

const url = 'http://localhost:3000/?a=1&b=$&'

test.each<[string, Record<string, string>, readonly (readonly string[])[]]>([
  ['linux', {}, [['xdg-open', url]]],
  ['darwin', {}, [['open', url]]],
  ['win32', {}, [['rundll32', 'url.dll,FileProtocolHandler', url]]],
  ['linux', { BROWSER: '' }, [['xdg-open', url]]],
  ['linux', { BROWSER: 'firefox --new-tab' }, [['firefox', '--new-tab', url]]],
  [
    'linux',
    { BROWSER: 'none: w3m -T %s' },
    [
      ['none', url],
      ['w3m', '-T', url],
    ],
  ],
  ['win32', { BROWSER: 'C:\\ff.exe' }, [['C:\\ff.exe', url]]],
])('on %s with %j', (platform, env, commands) => {
  expect(openers(url, env, platform)).toEqual(commands)
})
