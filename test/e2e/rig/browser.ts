/** Draws Mermaid diagrams in a real browser: Debian's chromium, headless, with Mermaid's own bundle from node_modules. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bundle = new URL('../../../node_modules/mermaid/dist/mermaid.min.js', import.meta.url)
const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine, if it has one. */
export const browser = candidates.find((path) => existsSync(path))

/** Where something stands, in pixels. */
export interface Box {
  readonly text: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** A diagram as it is drawn. */
export interface Drawing {
  readonly svg: string
  readonly width: number
  readonly notes: readonly Box[]
  readonly messages: readonly Box[]
  /** Arrows that end in a cross. */
  readonly crosses: number
}

/** Rejects with the browser's words when nothing is drawn. */
export async function draw(diagram: string): Promise<Drawing> {
  if (browser === undefined) throw new Error('no browser: install the package chromium')
  const dir = await mkdtemp(join(tmpdir(), 'kpf-browser-'))
  try {
    await writeFile(join(dir, 'page.html'), pageOf(diagram))
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=20000', `--user-data-dir=${join(dir, 'profile')}`, '--dump-dom']
    const { stdout, stderr } = spawnSync(browser, [...flags, `file://${join(dir, 'page.html')}`], { encoding: 'utf8', timeout: 60_000 })
    const [, told] = /<pre id="told">([\s\S]*?)<\/pre>/.exec(stdout) ?? []
    if (told === undefined) throw new Error(`nothing was drawn: ${stdout.slice(0, 2_000)}\n${stderr}`)
    return JSON.parse(Buffer.from(told, 'base64').toString()) as Drawing
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** What is drawn comes back as base64, which no markup can be mistaken in. */
function pageOf(diagram: string): string {
  const text = JSON.stringify(diagram).replaceAll('<', String.raw`\u003c`)
  return `<!doctype html><meta charset="utf-8"><body><div id="drawing"></div><script src="${fileURLToPath(bundle)}"></script><script type="module">
const box = (element, text) => { const { left, right, top, bottom } = element.getBoundingClientRect(); return { text, left, right, top, bottom } }
mermaid.initialize({ startOnLoad: false })
const rendered = await mermaid.render('kpf-trace', ${text})
const place = document.querySelector('#drawing')
place.innerHTML = rendered.svg
const drawn = place.querySelector('svg')
// What Mermaid gives is HTML; a file has to be XML, which is seen when it is loaded as a picture.
const svg = new XMLSerializer().serializeToString(drawn)
const image = new Image()
image.src = 'data:image/svg+xml,' + encodeURIComponent(svg)
await image.decode()
const width = drawn.viewBox.baseVal.width
drawn.style.maxWidth = 'none'
drawn.style.width = width + 'px'
const all = (selector) => [...place.querySelectorAll(selector)]
const notes = all('rect.note').map((rect) => box(rect, rect.parentElement.textContent))
const messages = all('text.messageText').map((one) => box(one, one.textContent))
const crosses = all('[marker-end*="crosshead"]').length
const told = new TextEncoder().encode(JSON.stringify({ svg, width, notes, messages, crosses }))
const answer = document.body.appendChild(document.createElement('pre'))
answer.id = 'told'
answer.textContent = btoa(Array.from(told, (byte) => String.fromCharCode(byte)).join(''))
</script>`
}
