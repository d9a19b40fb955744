import { expect, test } from 'vitest'
import { matches, parseSelector, readSelector } from '../../src/cluster/selector.ts'

const labels = { app: 'web', tier: 'front', env: 'dev' }

test.each([
  // selector as kubectl takes it, whether { app: web, tier: front, env: dev } fulfils it
  ['app=web', true],
  ['app==web', true],
  ['app = web', true],
  ['app=api', false],
  ['app=web,tier=back', false],
  ['app=web, tier=front', true],
  ['tier!=back', true],
  ['tier != front', false],
  ['missing!=x', true],
  ['env in (dev, test)', true],
  ['env in (prod)', false],
  ['env in(dev)', true],
  ['env notin (prod,test)', true],
  ['missing notin (a)', true],
  ['app,env in (dev,prod),tier=front', true],
  ['app', true],
  ['missing', false],
  ['!missing', true],
  ['!app', false],
  ['', false],
  ['env in (dev', false],
])('the selector %j on the web pod: %j', (text, isMatch) => {
  expect(matches(parseSelector(text), labels)).toBe(isMatch)
})

test('labels and expressions of an object must all hold', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'env', operator: 'In', values: ['dev'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  }
  expect(matches(readSelector(selector, false), labels)).toBe(true)
  expect(matches(readSelector(selector, false), { ...labels, old: '1' })).toBe(false)
  expect(matches(readSelector({ app: 'web', tier: 'front' }, true), labels)).toBe(true)
})

test('no selector selects nothing', () => {
  expect(matches(readSelector(undefined, true), labels)).toBe(false)
  expect(matches(readSelector({}, false), labels)).toBe(false)
})
