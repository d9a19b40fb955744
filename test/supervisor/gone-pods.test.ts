import { expect, test } from 'vitest'
import type { Picture } from '../../src/cluster/picture.ts'
import { GONE_MARK_MS, GonePods } from '../../src/supervisor/gone-pods.ts'
import { HandClock } from '../fake/clock.ts'
import { pod, seen } from '../fake/clusters.ts'

test('a marked pod is finished for two seconds, the others are as they are', async () => {
  const clock = new HandClock()
  const gone = new GonePods(clock)
  const picture = seen(pod('a'), pod('b'))
  gone.mark('uid-a')
  expect(phases(gone.hideIn(picture))).toBe('a Failed, b Running')
  await clock.advance(GONE_MARK_MS - 1)
  expect(phases(gone.hideIn(picture))).toBe('a Failed, b Running')
  await clock.advance(1)
  expect(gone.hideIn(picture)).toBe(picture)
})

test('a picture without pods has nothing to hide', () => {
  const gone = new GonePods(new HandClock())
  gone.mark('uid-a')
  expect(gone.hideIn({ kind: 'unknown' })).toEqual({ kind: 'unknown' })
})

function phases(picture: Picture): string {
  return picture.kind === 'seen' ? picture.pods.map(({ name, phase }) => `${name} ${phase}`).join(', ') : picture.kind
}
