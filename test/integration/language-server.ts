/**
 * The `yaml-language-server` that editors run, over stdio as they run it: a document
 * goes in, completions, hovers and diagnostics come out. It is told to ask nobody for
 * schemas: the one of a document is what its modeline names.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const program = fileURLToPath(new URL('../../node_modules/yaml-language-server/bin/yaml-language-server', import.meta.url))
const settings = {
  yaml: { schemaStore: { enable: false }, kubernetesCRDStore: { enable: false }, validate: true, hover: true, completion: true },
  http: {},
}

/** One line of a list of completions. */
export interface Completion {
  readonly label: string
  readonly insertText?: string
  readonly textEdit?: { readonly newText: string }
  readonly documentation?: string | { readonly value: string }
}

/** What an editor underlines. */
export interface Diagnostic {
  readonly message: string
  readonly range: { readonly start: Position; readonly end: Position }
}

interface Position {
  readonly line: number
  readonly character: number
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly uri?: string; readonly items?: readonly { readonly section?: string }[]; readonly diagnostics?: readonly Diagnostic[] }
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** A running one. */
export class LanguageServer {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (message: Message) => void>()
  readonly #diagnosed = new Map<string, (diagnostics: readonly Diagnostic[]) => void>()
  #buffer = Buffer.alloc(0)
  #id = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  static async start(): Promise<LanguageServer> {
    const server = new LanguageServer(spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] }))
    const capabilities = {
      workspace: { configuration: true },
      textDocument: { hover: { contentFormat: ['markdown'] }, completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } } },
    }
    await server.#ask('initialize', { processId: process.pid, rootUri: pathToFileURL(root).href, capabilities })
    server.#tell({ method: 'initialized', params: {} })
    server.#tell({ method: 'workspace/didChangeConfiguration', params: { settings } })
    return server
  }

  /** What is offered at the first `|` of a text. */
  async completions(marked: string): Promise<readonly Completion[]> {
    const { uri, position } = this.#open(marked)
    const result = (await this.#ask('textDocument/completion', { textDocument: { uri }, position })) as { readonly items?: readonly Completion[] } | null
    return result?.items ?? []
  }

  /** What is shown for the word at the first `|`, or an empty text. */
  async hover(marked: string): Promise<string> {
    const { uri, position } = this.#open(marked)
    const result = (await this.#ask('textDocument/hover', { textDocument: { uri }, position })) as { readonly contents: { readonly value: string } } | null
    return result?.contents.value ?? ''
  }

  /** What is wrong with a text. */
  async diagnostics(text: string): Promise<readonly Diagnostic[]> {
    const { promise, resolve } = Promise.withResolvers<readonly Diagnostic[]>()
    const uri = this.#uri()
    this.#diagnosed.set(uri, resolve)
    this.#show(uri, text)
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'close')
  }

  /** A document beside the examples, which is nowhere on the disk. */
  #uri(): string {
    return pathToFileURL(`${root}examples/team/forwards-${++this.#id}.yaml`).href
  }

  #open(marked: string): { readonly uri: string; readonly position: Position } {
    const [before = ''] = marked.split('|')
    const uri = this.#uri()
    this.#show(uri, marked.replace('|', ''))
    const lines = before.split('\n')
    return { uri, position: { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 } }
  }

  #show(uri: string, text: string): void {
    this.#tell({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: 1, text } } })
  }

  #ask(method: string, params: object): Promise<unknown> {
    const id = ++this.#id
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, ({ error, result }) => (error ? reject(new Error(error.message)) : resolve(result)))
    this.#tell({ id, method, params })
    return promise
  }

  #tell(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#child.stdin?.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  /** Frames of the base protocol: a header with the length, then that many bytes (LSP 3.17, "Base Protocol"). */
  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    for (;;) {
      const end = this.#buffer.indexOf('\r\n\r\n')
      const [, length] = /Content-Length: (\d+)/.exec(this.#buffer.subarray(0, Math.max(end, 0)).toString()) ?? []
      const from = end + 4
      if (length === undefined || this.#buffer.length < from + Number(length)) return
      const body = this.#buffer.subarray(from, from + Number(length)).toString()
      this.#buffer = this.#buffer.subarray(from + Number(length))
      this.#hear(JSON.parse(body) as Message)
    }
  }

  #hear(message: Message): void {
    const { id, method, params } = message
    if (method === undefined) this.#waiting.get(id ?? 0)?.(message)
    else if (method === 'workspace/configuration') this.#tell({ id, result: params?.items?.map(({ section }) => Reflect.get(settings, section ?? '') ?? null) })
    else if (method === 'textDocument/publishDiagnostics') this.#diagnosed.get(params?.uri ?? '')?.(params?.diagnostics ?? [])
    else if (id !== undefined) this.#tell({ id, result: null })
  }
}
