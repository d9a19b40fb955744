import { expect, test } from 'vitest'
import { unknownForward } from '../../src/cli/unknown-forward.ts'

const many = Array.from({ length: 14 }, (_, index) => ({ name: `forward-${index}` }))

test('a name that nobody has is told with those that are near, or with those that there are', () => {
  const forwards = [{ name: 'web' }, { name: 'queue' }]
  expect(unknownForward(['queue', 'web'], forwards, 'forwards.yaml')).toBeUndefined()
  expect(unknownForward(['queue', 'wbe'], forwards, 'forwards.yaml')).toEqual({ message: 'no forward "wbe" in forwards.yaml', fix: 'did you mean "web"?' })
  expect(unknownForward(['postgres'], forwards, 'shop')).toEqual({ message: 'no forward "postgres" in shop', fix: 'it has: web, queue' })
  expect(unknownForward(['web'], [], 'shop')).toMatchObject({ fix: 'it has: none' })
})

test('a long list is cut, and what is left out is counted', () => {
  expect(unknownForward(['postgres'], many, 'shop')?.fix).toMatch(/^it has: forward-0, .*, forward-11 and 2 more$/)
})
