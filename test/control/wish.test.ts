/** What is wanted, after everything that was asked for. */
import { expect, test } from 'vitest'
import { chosen, joined, type Wish, wishFor, withAgain, without } from '../../src/control/wish.ts'
import { forward } from '../supervisor/forwards.ts'

const project = {
  name: 'shop',
  forwards: [forward('api', 1), forward('db', 2), { ...forward('debug', 3), enabled: false }],
  settings: { concurrency: 8, watchDebounceMs: 100 },
}
const runs = (wish: Wish): string =>
  chosen(project, wish)
    .forwards.filter(({ enabled }) => enabled)
    .map(({ name }) => name)
    .join(' ')

test('without names all that the file enables run; a name runs alone, enabled or not', () => {
  expect(runs(wishFor([]))).toBe('api db')
  expect(runs(wishFor(['debug']))).toBe('debug')
})

test('a name brings what it depends on, and what that depends on', () => {
  const [api, db, debug] = project.forwards
  if (api === undefined || db === undefined || debug === undefined) throw new Error('no forwards')
  const chain = { ...project, forwards: [{ ...api, dependsOn: ['db'] }, { ...db, dependsOn: ['debug'] }, debug, forward('other', 4)] }
  expect(chosen(chain, wishFor(['api'])).forwards.map(({ name, enabled }) => [name, enabled])).toEqual([
    ['api', true],
    ['db', true],
    ['debug', true],
  ])
})

test('a second up adds its names, and without any it asks for all', () => {
  expect(runs(joined(wishFor(['api']), ['db']))).toBe('api db')
  expect(runs(joined(wishFor([]), ['debug']))).toBe('api db debug')
  expect(runs(joined(wishFor(['api']), []))).toBe('api db')
})

test('what is stopped rests until it is started, or named by an up', () => {
  const stopped = without(wishFor([]), ['api'])
  expect(runs(stopped)).toBe('db')
  expect(runs(withAgain(stopped, ['api']))).toBe('api db')
  expect(runs(joined(stopped, ['api']))).toBe('api db')
  expect(runs(without(withAgain(wishFor([]), ['debug']), ['debug']))).toBe('api db')
})
