/** Sockets of this machine that listen, and which of them are this process's own; Linux tells, others do not. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { holderOf, type PortHolder } from './holder.ts'

/** A socket that listens. */
export interface ListeningSocket {
  /** As people write it: `127.0.0.1`, `::1`, `::`; other addresses of version 6 as 32 digits. */
  readonly address: string
  readonly port: number
  readonly inode: string
  readonly isOwn: boolean
}

/** All of them, or undefined where that cannot be known. */
export async function listeningSockets(): Promise<readonly ListeningSocket[] | undefined> {
  try {
    const own = new Set(await ownInodes())
    const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8')))
    return tables.flatMap((text) => socketsIn(text)).map((socket) => ({ ...socket, isOwn: own.has(socket.inode) }))
  } catch {
    return undefined
  }
}

/** The program that has a socket. */
export function holderOfSocket(inode: string): Promise<PortHolder | undefined> {
  return holderOf(new Set([inode]))
}

/** Columns: proc(5), /proc/net/tcp; 0A is LISTEN. */
export function socketsIn(table: string): readonly Omit<ListeningSocket, 'isOwn'>[] {
  return table.split('\n').flatMap((line) => {
    // Most lines of a busy machine are of connections that ended a moment ago.
    if (!line.includes(' 0A ')) return []
    const columns = line.trim().split(/\s+/)
    const [address, port] = columns[1]?.split(':') ?? []
    const inode = columns[9]
    if (columns[3] !== '0A' || address === undefined || port === undefined || inode === undefined) return []
    return [{ address: addressText(address), port: Number.parseInt(port, 16), inode }]
  })
}

/** Each 32 bits stand in the machine's order, which is little-endian wherever Node runs but on s390x. */
function addressText(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed())
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.')
  const digits = bytes.join('').toLowerCase()
  return /^0{32}$/.test(digits) ? '::' : /^0{31}1$/.test(digits) ? '::1' : digits
}

async function ownInodes(): Promise<readonly string[]> {
  const links = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

/** Since when the program of this process is on the disk as it is, in ms; undefined when it is gone. Packages bring old times of change with them: what counts is when the file was put there. */
export async function programSince(): Promise<number | undefined> {
  try {
    return (await stat(process.argv[1] ?? process.execPath)).ctimeMs
  } catch {
    return undefined
  }
}

/** When a file was changed last, in ms; 0 when it is not there. */
export async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch {
    return 0
  }
}
