/** Lines that are drawn over each other, on a terminal that is a list of what was written. */
import { expect, test } from 'vitest'
import { InPlace } from '../../src/cli/in-place.ts'
import type { Terminal } from '../../src/system/terminal.ts'

function paper(width: number): { place: InPlace; written: string[]; resize: (width: number) => void } {
  const written: string[] = []
  const size = { width, height: 24 }
  const terminal: Terminal = {
    isInteractive: true,
    canAsk: true,
    isThere: true,
    isTypedAt: true,
    isColored: false,
    isUtf8: true,
    size: () => size,
    onKey: () => () => {},
  }
  return { place: new InPlace({ out: (text) => written.push(text), terminal }), written, resize: (to) => (size.width = to) }
}

test('a process that ends in any way shows the cursor, one that has come to its end says nothing more', () => {
  const before = process.listenerCount('exit')
  const { place, written } = paper(80)
  place.begin()
  const [atExit] = process.listeners('exit').slice(before)
  atExit?.(1)
  expect(written).toEqual(['\u001b[?25l', '\u001b[?25h'])
  place.end()
  expect(process.listenerCount('exit')).toBe(before)
})

test('it goes up as many rows as the lines have where the terminal has become narrower', () => {
  const { place, written, resize } = paper(20)
  place.draw([], ['0123456789', '生产环境'])
  resize(5)
  place.draw(['said'], ['x'])
  place.end(['bye'])
  expect(written).toEqual([
    '\u001b[2K0123456789\n\u001b[2K生产环境\n\u001b[0J',
    '\u001b[4A\r\u001b[2Ksaid\n\u001b[2Kx\n\u001b[0J',
    '\u001b[1A\r\u001b[2K\n\u001b[1A\rbye\n\u001b[?25h',
  ])
})
