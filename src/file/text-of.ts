/** Bytes of a file to its text, or the problem that there is none. Pure. */
import type { FileRead } from '../system/files.ts'
import { Source } from './document.ts'
import { limits } from './limits.ts'
import type { Problem } from './problems.ts'

/** The text of a file that was read, or why there is none. */
export function textOf(file: string, read: FileRead, directory?: string): Source | Problem {
  if (read.kind !== 'read') return unreadable(file, read)
  if (read.bytes.length > limits.bytes) return unreadable(file, { kind: 'too-large', bytes: read.bytes.length })
  const text = decode(file, read.bytes)
  return typeof text === 'string' ? new Source(file, text, directory) : text
}

function unreadable(file: string, read: Exclude<FileRead, { kind: 'read' }>): Problem {
  const at = { file, line: 1, column: 1 }
  switch (read.kind) {
    case 'missing':
      return { ...at, code: 'KPF_FILE_MISSING', message: 'no such file', fix: 'name another with -f' }
    case 'not-a-file':
      return { ...at, code: 'KPF_FILE_KIND', message: `not a regular file but a ${read.what}`, fix: 'name a file with -f' }
    case 'too-large':
      return { ...at, code: 'KPF_FILE_SIZE', message: `the file is larger than 1 MiB (${read.bytes} bytes)`, fix: 'split the project' }
    case 'refused':
      return {
        ...at,
        code: 'KPF_FILE_UNREADABLE',
        message: `cannot be read (${[read.errno, read.access].filter((part) => part !== undefined).join('; ')})`,
        fix: 'check its owner and mode',
      }
  }
}

/** The text, or the first place that is not UTF-8. */
function decode(file: string, bytes: Uint8Array): string | Problem {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    const { offset, before } = firstReplaced(text, bytes)
    const source = new Source(file, before.replace(/^\uFEFF/, ''))
    const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    const what = isUtf16 ? 'the file is UTF-16, not UTF-8' : `the file is not UTF-8 at byte ${offset}`
    return source.problem(source.text.length, 'KPF_FILE_ENCODING', what, 'save it as UTF-8')
  }
}

/** Where decoding put a replacement character that the bytes do not hold. */
function firstReplaced(text: string, bytes: Uint8Array): { offset: number; before: string } {
  const encoder = new TextEncoder()
  let offset = 0
  let from = 0
  for (let at = text.indexOf('\uFFFD'); at !== -1; at = text.indexOf('\uFFFD', from)) {
    offset += encoder.encode(text.slice(from, at)).length
    const isReal = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd
    if (!isReal) return { offset, before: text.slice(0, at) }
    offset += 3
    from = at + 1
  }
  return { offset: bytes.length, before: text }
}
