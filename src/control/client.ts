/**
 * The other end of the control API: one request on a connection of its own.
 *
 * `kpf ps` may take half as long again as Node itself takes to start, and the first
 * request of `node:http` alone takes that. Asked in HTTP/1.0 the server neither chunks
 * nor keeps the connection (RFC 9112, section 9.3): an answer is a head, an empty line,
 * and what comes until the end.
 */
import { connect, type Socket } from 'node:net'
import { errnoOf } from '../system/errno.ts'

/** An answer, or why there is none. */
export type Asked =
  | { readonly kind: 'answered'; readonly code: number; readonly body: unknown; readonly version: string }
  | { readonly kind: 'unreachable'; readonly errno: string }

/** A request. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** Until the answer, whole. */
  readonly signal?: AbortSignal
  /** A server that says nothing for so long is unreachable. */
  readonly limitMs?: number
}

/** Asks once. Never rejects. */
export async function ask(socketPath: string, question: Question): Promise<Asked> {
  try {
    return wholeAnswer(await everythingFrom(send(socketPath, question, [])))
  } catch (error) {
    return { kind: 'unreachable', errno: errnoOf(error) }
  }
}

/**
 * By events: the first walk over a stream takes as long as the whole answer. One that says
 * how long it is ends with its last byte: to wait for the end of the connection, and to
 * answer it, takes as long again.
 */
function everythingFrom(socket: Socket): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let missing = Number.NaN
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    missing = Number.isNaN(missing) ? missingIn(Buffer.concat(chunks)) : missing - chunk.length
    if (!(missing <= 0)) return
    resolve(Buffer.concat(chunks))
    socket.destroy()
  })
  socket.on('end', () => resolve(Buffer.concat(chunks)))
  socket.on('error', reject)
  socket.on('close', () => reject(cutShort()))
  return promise
}

/** What stands before the body of an answer. */
export interface Head {
  readonly code: number
  readonly headers: ReadonlyMap<string, string>
}

/** Connects, and asks; what comes back is for the caller. */
export function send(path: string, { method, path: target, body, signal, limitMs }: Question, headers: readonly string[]): Socket {
  const socket = connect({ path, ...(signal && { signal }), ...(limitMs !== undefined && { timeout: limitMs }) })
  socket.on('timeout', () => socket.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })))
  const text = body === undefined ? '' : JSON.stringify(body)
  const sent = [
    `${method} ${target} HTTP/1.0`,
    'Host: kpf',
    ...headers,
    ...(text === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`]),
  ]
  socket.write(`${sent.join('\r\n')}\r\n\r\n${text}`)
  return socket
}

/** Head and body of what was read; undefined while the head is not whole. */
export function split(read: Buffer): { readonly head: Head; readonly body: Buffer } | undefined {
  const end = read.indexOf('\r\n\r\n')
  return end < 0 ? undefined : { head: headOf(read.subarray(0, end).toString('latin1')), body: read.subarray(end + 4) }
}

/** How many bytes of an answer are still to come; not a number while it does not say. */
function missingIn(read: Buffer): number {
  const parts = split(read)
  return parts === undefined ? Number.NaN : Number(parts.head.headers.get('content-length') ?? Number.NaN) - parts.body.length
}

/** What is told of an answer that broke off. */
export function cutShort(): Error {
  return Object.assign(new Error('the connection ended before an answer'), { code: 'ECONNRESET' })
}

function headOf(text: string): Head {
  const [status = '', ...lines] = text.split('\r\n')
  const headers = lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
  return { code: Number(/^HTTP\/1\.[01] (\d{3})/.exec(status)?.[1] ?? 0), headers: new Map(headers) }
}

function wholeAnswer(bytes: Buffer): Asked {
  const parts = split(bytes)
  if (parts === undefined) throw cutShort()
  return answerOf(parts.head, parts.body)
}

/** An answer that is none where it is not whole. */
export function answerOf({ code, headers }: Head, bytes: Buffer): Asked {
  if (bytes.length !== Number(headers.get('content-length') ?? bytes.length)) return { kind: 'unreachable', errno: 'ECONNRESET' }
  const body: unknown = JSON.parse(bytes.toString('utf8'))
  return { kind: 'answered', code, body, version: headers.get('kpf-version') ?? '' }
}
