/** What a project that is ending still does. */
import { expect, test } from 'vitest'
import { unknownForward } from '../../src/cli/unknown-forward.ts'
import { answer, type Controlled } from '../../src/control/routes.ts'
import { SharedStatus } from '../../src/control/shared-status.ts'
import { HandClock } from '../fake/clock.ts'
import { status } from './world.ts'

const ending: Controlled = {
  version: '9.9.9',
  unknownForward,
  status: () => ({ ...status(), isStopping: true }),
  exports: () => ({ exports: {}, missing: {} }),
  drift: async () => [],
  apply: () => Promise.reject(new Error('not asked')),
  plan: () => Promise.reject(new Error('not asked')),
  reload: () => Promise.reject(new Error('not asked')),
  start: (names) => ({ names }),
  stop: (names) => ({ names }),
  restart: (names) => ({ names }),
  kick: () => {},
  end: async () => ({ project: 'shop', forwards: 1, served: 0, failed: 0, reset: 0 }),
}

test('a project that is ending takes nothing on, tells how it is, and may be hurried', async () => {
  for (const route of ['apply', 'plan', 'reload', 'start', 'stop', 'restart', 'kick']) {
    expect(await answer(ending, `POST /v1/${route}`, {})).toMatchObject({ code: 409, body: { error: 'the project is ending' } })
  }
  expect(JSON.parse(new SharedStatus(ending, new HandClock()).now().toString())).toMatchObject({ isStopping: true })
  expect(await answer(ending, 'POST /v1/stop', { end: true, drainMs: 0 })).toMatchObject({ code: 200, body: { forwards: 1 } })
})
