/**
 * A link that opens a diagram in the editor at mermaid.live. The diagram travels in the
 * link's fragment, which a browser does not send to anybody.
 *
 * Source: github.com/mermaid-js/mermaid-live-editor (state in the fragment, `pako:`).
 */
import { deflateSync } from 'node:zlib'

/** The link for a diagram's text. */
export function liveLink(diagram: string): string {
  const state = JSON.stringify({ code: diagram, mermaid: '{"theme":"default"}', autoSync: true, updateDiagram: true })
  return `https://mermaid.live/edit#pako:${deflateSync(state, { level: 9 }).toString('base64url')}`
}
