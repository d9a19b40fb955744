/**
 * The preset dictionary of SPDY/3 header blocks, and a block read with it.
 *
 * Only a server needs it: clients write stored blocks and read none. The words are from
 * the public draft (SPDY Protocol, Draft 3, section 2.6.10.1).
 */
import { createInflate, type Inflate } from 'node:zlib'

const counted =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization ' +
  'cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range ' +
  'content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified ' +
  'location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding ' +
  'upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin'

const plain =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found' +
  '500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=' +
  'gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.'

/** 1423 bytes: words with their length before them, then one run of text. */
export function spdyDictionary(): Buffer {
  const words = counted.split(' ').flatMap((word) => {
    const text = word.replace('_', ' ')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length)
    return [length, Buffer.from(text)]
  })
  return Buffer.concat([...words, Buffer.from(plain)])
}

/** Reads the header blocks of one direction of a connection, in order. */
export class HeaderBlocks {
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary() })

  constructor() {
    // Heard where the block is read; without a listener it would end the process.
    this.#inflate.on('error', () => {})
  }

  /** The headers of a block, or `undefined` for what a node would end the connection over. */
  async read(block: Buffer): Promise<ReadonlyMap<string, string> | undefined> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#inflate.write(block, (error) => resolve(!error))
    if (!(await promise)) return undefined
    const bytes: unknown = this.#inflate.read()
    return Buffer.isBuffer(bytes) ? parse(bytes) : undefined
  }

  close(): void {
    this.#inflate.destroy()
  }
}

function parse(bytes: Buffer): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>()
  let at = 4
  const text = (): string | undefined => {
    if (at + 4 > bytes.length) return undefined
    const end = at + 4 + bytes.readUInt32BE(at)
    const value = end > bytes.length ? undefined : bytes.toString('latin1', at + 4, end)
    at = end
    return value
  }
  for (let left = bytes.length < 4 ? -1 : bytes.readUInt32BE(0); left !== 0; left--) {
    const name = text()
    const value = text()
    if (name === undefined || value === undefined || name !== name.toLowerCase()) return undefined
    headers.set(name, value)
  }
  return at === bytes.length ? headers : undefined
}
