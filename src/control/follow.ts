/** The streams of the control API, read to their end: events and logs as they come. */
import type { Socket } from 'node:net'
import { errnoOf } from '../system/errno.ts'
import { answerOf, type Asked, cutShort, type Head, send, split } from './client.ts'

/** One message of a stream. */
export interface StreamMessage {
  readonly id: string
  readonly data: string
}

/** How a stream ended: the server's own end, an answer that is none, or a connection that was cut. */
export type StreamEnd = Asked | { readonly kind: 'ended' }

/** Reads a stream to its end; each message is told in order, and waited for: a reader that is slow makes the server wait. Aborting the signal ends it. */
export async function follow(
  socketPath: string,
  { path, lastId, signal }: { readonly path: string; readonly lastId?: string; readonly signal: AbortSignal },
  told: (message: StreamMessage) => unknown,
): Promise<StreamEnd> {
  try {
    const { head, chunks } = await open(send(socketPath, { method: 'GET', path, signal }, lastId === undefined ? [] : [`Last-Event-ID: ${lastId}`]))
    if (head.code !== 200) return answerOf(head, await joined(chunks))
    // An older supervisor does not say that it is at its end.
    let isWhole = head.headers.get('kpf-ends') !== 'told'
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of chunks) {
      const blocks = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        if (block === ': end') isWhole = true
        await tellBlock(block, told)
      }
    }
    if (!isWhole) throw cutShort()
    return { kind: 'ended' }
  } catch (error) {
    return signal.aborted ? { kind: 'ended' } : { kind: 'unreachable', errno: errnoOf(error) }
  }
}

/** Of a server that is none of ours: more than this is no head. */
const MAX_HEAD_BYTES = 64 * 1024

async function open(socket: Socket): Promise<{ head: Head; chunks: AsyncIterable<Buffer> }> {
  const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]()
  let read = Buffer.alloc(0)
  for (;;) {
    const next = await chunks.next()
    if (next.done === true || read.length > MAX_HEAD_BYTES) throw cutShort()
    read = Buffer.concat([read, next.value])
    const parts = split(read)
    if (parts) return { head: parts.head, chunks: after(parts.body, chunks) }
  }
}

async function* after(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

async function joined(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

/** A block of lines; comments are no message. */
function tellBlock(block: string, told: (message: StreamMessage) => unknown): unknown {
  const lines = block.split('\n')
  const of = (field: string): string | undefined => lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2)
  const [id, data] = [of('id'), of('data')]
  return id !== undefined && data !== undefined ? told({ id, data }) : undefined
}
