/** The link carries the diagram, whole. */
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { liveLink } from '../../src/trace/live-link.ts'
import { mermaid } from '../../src/trace/mermaid.ts'
import { accounts } from './accounts.ts'

test.each(Object.entries(accounts))('the link of "%s" gives the same diagram back', (_name, account) => {
  const diagram = mermaid(account)
  const [, packed = ''] = liveLink(diagram).split('#pako:')
  const state = JSON.parse(inflateSync(Buffer.from(packed, 'base64url')).toString()) as Record<string, unknown>
  expect(state).toEqual({ code: diagram, mermaid: '{"theme":"default"}', autoSync: true, updateDiagram: true })
})

test('nothing of the diagram is in the part of the link that is sent to a server', () => {
  expect(new URL(liveLink('sequenceDiagram')).origin + new URL(liveLink('sequenceDiagram')).pathname).toBe('https://mermaid.live/edit')
})
