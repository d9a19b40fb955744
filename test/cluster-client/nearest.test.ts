import { expect, test } from 'vitest'
import { nearestText } from '../../src/cluster/nearest.ts'

const many = ['arn:aws:eks:eu-west-1:1:cluster/shop', 'kind-dev', 'kind-prod', 'minikube', 'a', 'b', 'c']

test.each([
  ['kind-dve', many, 'did you mean "kind-dev"? 6 more are there'],
  ['KIND-DEV', ['kind-dev'], 'did you mean "kind-dev"?'],
  ['shop', many, 'did you mean "arn:aws:eks:eu-west-1:1:cluster/shop"? 6 more are there'],
  ['kind', many, 'did you mean "kind-dev" or "kind-prod"? 5 more are there'],
  ['other', ['one', 'two'], 'there are "one", "two"'],
  [undefined, many, 'there are "arn:aws:eks:eu-west-1:1:cluster/shop", "kind-dev", "kind-prod", "minikube", "a" and 2 more'],
  [undefined, ['only'], 'there is "only"'],
  ['x', [], 'there are none'],
  [undefined, ['a\u001b[2J'], 'there is "a\\u{1b}[2J"'],
])('for %j among %j: %s', (wanted, known, expected) => {
  expect(nearestText(wanted, known)).toBe(expected)
})
