/** Names and forms of the variables. */
import { expect, test } from 'vitest'
import { exportsOf, exportsText, portsText, shells } from '../../src/cli/exports.ts'
import type { ForwardBody } from '../../src/control/shapes.ts'
import { status } from '../control/world.ts'

const [base] = status(['api']).forwards
if (base === undefined) throw new Error('there is one')
const forward = (name: string, changes: Partial<ForwardBody>): ForwardBody => ({ ...base, name, ...changes })

const all = {
  forwards: [
    forward('web-app', { ports: [{ address: '127.0.0.1', localPort: 3000, remotePort: 80 }] }),
    forward('db.main', {
      ports: [
        { address: '0.0.0.0', localPort: 5432, remotePort: 5432 },
        { address: '0.0.0.0', localPort: 9187, remotePort: 9187, name: 'metrics' },
        { address: '0.0.0.0', localPort: 9188, remotePort: 'admin' },
      ],
    }),
    forward('v6', { ports: [{ address: '::', localPort: 7000, remotePort: 7000 }] }),
    forward('web.app', { ports: [{ address: '127.0.0.1', localPort: 4000, remotePort: 80 }] }),
    forward('off', { state: 'stopped' }),
    forward('any', { ports: [{ address: '127.0.0.1', localPort: 0, remotePort: 80 }], listeners: ['127.0.0.1:41234'] }),
  ],
}

test('names are upper case with _ for the rest, the first of two that become one counts, the stopped have none', () => {
  expect(Object.fromEntries(exportsOf(all))).toEqual({
    KPF_WEB_APP_HOST: '127.0.0.1',
    KPF_WEB_APP_PORT: '3000',
    KPF_WEB_APP_ADDR: '127.0.0.1:3000',
    KPF_DB_MAIN_HOST: '127.0.0.1',
    KPF_DB_MAIN_PORT: '5432',
    KPF_DB_MAIN_ADDR: '127.0.0.1:5432',
    KPF_DB_MAIN_METRICS_PORT: '9187',
    KPF_DB_MAIN_ADMIN_PORT: '9188',
    KPF_V6_HOST: '::1',
    KPF_V6_PORT: '7000',
    KPF_V6_ADDR: '[::1]:7000',
    KPF_ANY_HOST: '127.0.0.1',
    KPF_ANY_PORT: '41234',
    KPF_ANY_ADDR: '127.0.0.1:41234',
  })
})

test('each form is what its reader takes', () => {
  const one = [['KPF_DB_PORT', '5432']] as const
  expect(shells.map((shell) => exportsText(one, shell))).toEqual([
    "export KPF_DB_PORT='5432'\n",
    "set -gx KPF_DB_PORT '5432'\n",
    "$Env:KPF_DB_PORT = '5432'\n",
    'KPF_DB_PORT=5432\n',
    '{\n  "KPF_DB_PORT": "5432"\n}\n',
    'KPF_DB_PORT=5432\n',
  ])
})

test('the file of ports has every forward that runs', () => {
  expect(Object.keys(JSON.parse(portsText(all)).forwards)).toEqual(['web-app', 'db.main', 'v6', 'web.app', 'any'])
})
