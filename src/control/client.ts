/**
 * The other end of the control API: one request at a time, over the socket of a project.
 *
 * It loads `node:http` and nothing else: `kpf ps` is asked for often.
 */
import { type IncomingMessage, request } from 'node:http'

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
}

/** Asks once. Never rejects. */
export async function ask(socketPath: string, question: Question): Promise<Asked> {
  try {
    return await wholeAnswer(await open(socketPath, question, {}))
  } catch (error) {
    return { kind: 'unreachable', errno: errnoOf(error) }
  }
}

/** One message of a stream. */
export interface StreamMessage {
  readonly id: string
  readonly data: string
}

/** How a stream ended: the server's end, an answer that is none, or no answer. */
export type StreamEnd = Asked | { readonly kind: 'ended' }

/** Reads a stream to its end; each message is told in order. Aborting the signal ends it. */
export async function follow(
  socketPath: string,
  { path, lastId, signal }: { readonly path: string; readonly lastId?: string; readonly signal: AbortSignal },
  told: (message: StreamMessage) => void,
): Promise<StreamEnd> {
  try {
    const response = await open(socketPath, { method: 'GET', path, signal }, lastId === undefined ? {} : { 'last-event-id': lastId })
    if (response.statusCode !== 200) return await wholeAnswer(response)
    let rest = ''
    response.setEncoding('utf8')
    for await (const chunk of response) {
      const blocks = `${rest}${String(chunk)}`.split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) tellBlock(block, told)
    }
    return { kind: 'ended' }
  } catch (error) {
    return signal.aborted ? { kind: 'ended' } : { kind: 'unreachable', errno: errnoOf(error) }
  }
}

async function wholeAnswer(response: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(Buffer.from(chunk))
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  const version = response.headers['kpf-version']
  return { kind: 'answered', code: response.statusCode ?? 0, body, version: typeof version === 'string' ? version : '' }
}

/** A block of lines; comments are no message. */
function tellBlock(block: string, told: (message: StreamMessage) => void): void {
  const lines = block.split('\n')
  const of = (field: string): string | undefined => lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2)
  const [id, data] = [of('id'), of('data')]
  if (id !== undefined && data !== undefined) told({ id, data })
}

function open(socketPath: string, { method, path, body, signal }: Question, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const text = body === undefined ? undefined : JSON.stringify(body)
  const sent = request(
    {
      socketPath,
      method,
      path,
      agent: false,
      headers: { ...headers, ...(text !== undefined && { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}` }) },
      ...(signal && { signal }),
    },
    resolve,
  )
  sent.on('error', reject)
  sent.end(text)
  return promise
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
}
