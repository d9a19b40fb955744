/** The diagrams of `kpf trace` as a browser draws them: they must be readable, not only correct. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mermaid } from '../../src/trace/mermaid.ts'
import { accounts } from '../trace/accounts.ts'
import { type Box, browser, draw } from './rig/browser.ts'

// In CI a browser that is missing is a failure.
const isSkipped = browser === undefined && process.env['CI'] === undefined
if (isSkipped) console.info('diagrams are not drawn: no browser here, install the package chromium')

function overlaps(boxes: readonly Box[]): readonly string[] {
  return boxes.flatMap((a, index) =>
    boxes.slice(index + 1).flatMap((b) => (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom ? [`${a.text} | ${b.text}`] : [])),
  )
}

test.skipIf(isSkipped)('docs/how-it-works.svg is the picture of docs/how-it-works.mmd', async () => {
  const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
  const drawing = await draw(read('how-it-works.mmd'))
  expect(wordsOf(read('how-it-works.svg'))).toEqual(wordsOf(drawing.svg))
})

/** The words of a picture: where they stand depends on the fonts of the machine. */
function wordsOf(svg: string): readonly string[] {
  return [...svg.matchAll(/>([^<>]+)<\/(?:text|tspan)>/g)].map(([, words = '']) => words)
}

const pages: Readonly<Record<'through' | 'refused' | 'forbidden' | 'dead', { readonly widest: number; readonly crosses: number }>> = {
  through: { widest: 1_850, crosses: 0 },
  refused: { widest: 1_850, crosses: 1 },
  forbidden: { widest: 1_100, crosses: 1 },
  dead: { widest: 850, crosses: 1 },
}

test.skipIf(isSkipped).each(Object.entries(pages))(
  'the diagram of "%s" fits a page, and nothing in it covers anything else',
  async (name, { widest, crosses }) => {
    const account = accounts[name as keyof typeof pages]
    const drawing = await draw(mermaid(account))
    expect(drawing.width).toBeLessThan(widest)
    expect(overlaps(drawing.notes)).toEqual([])
    expect(overlaps([...drawing.notes, ...drawing.messages])).toEqual([])
    expect(drawing.crosses).toBe(crosses)
    expect(drawing.notes.filter(({ text }) => text.includes('FAILED'))).toHaveLength(crosses)
  },
)
