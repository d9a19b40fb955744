import { expect, test } from 'vitest'
import { Screen } from '../../src/cli/screen.ts'

function recorded(): { told: string[]; user: (name: string) => { leave(): void; comeBack(): void } } {
  const told: string[] = []
  return { told, user: (name) => ({ leave: () => told.push(`${name} leaves`), comeBack: () => told.push(`${name} is back`) }) }
}

test('whoever uses the screen leaves it while it is lent, and loans come one after the other', async () => {
  const screen = new Screen()
  const { told, user } = recorded()
  screen.use(user('table'))
  const end = screen.use(user('keys'))
  const first = Promise.withResolvers<void>()
  const loans = [
    screen.lend(async () => {
      told.push('first')
      await first.promise
    }),
    screen.lend(() => Promise.resolve(told.push('second'))),
  ]
  await Promise.resolve()
  first.resolve()
  await loans[0]
  end()
  await loans[1]
  expect(told).toEqual(['table leaves', 'keys leaves', 'first', 'table is back', 'keys is back', 'table leaves', 'second', 'table is back'])
})

test('a loan that fails fails its caller alone; who begins meanwhile waits outside', async () => {
  const screen = new Screen()
  const { told, user } = recorded()
  const failing = screen.lend(() => {
    screen.use(user('table'))
    return Promise.reject(new Error('no login'))
  })
  await expect(failing).rejects.toThrow('no login')
  expect(await screen.lend(() => Promise.resolve('token'))).toBe('token')
  expect(told).toEqual(['table leaves', 'table is back', 'table leaves', 'table is back'])
})
