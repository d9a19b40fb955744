/** Which program has a local port, as far as Linux tells: /proc/net/tcp to a socket's inode to a process. */
import { readdir, readFile, readlink } from 'node:fs/promises'

/** A process. */
export interface PortHolder {
  readonly pid: number
  readonly command: string
}

/** The listener on that port, or undefined where it cannot be found out. */
export async function findHolder(endpoint: { readonly address: string; readonly port: number }): Promise<PortHolder | undefined> {
  const inodes = new Set([...(await listeners('/proc/net/tcp', endpoint.port)), ...(await listeners('/proc/net/tcp6', endpoint.port))])
  return inodes.size === 0 ? undefined : holderOf(inodes)
}

/** The process that has one of these sockets. */
export async function holderOf(inodes: ReadonlySet<string>): Promise<PortHolder | undefined> {
  for (const pid of await names('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of await names(`/proc/${pid}/fd`)) {
      const link = await quiet(readlink(`/proc/${pid}/fd/${fd}`))
      const inode = /^socket:\[(\d+)\]$/.exec(link ?? '')?.[1]
      if (inode === undefined || !inodes.has(inode)) continue
      return { pid: Number(pid), command: await commandOf(pid) }
    }
  }
  return undefined
}

/** The program's name as it was called; a thread may have renamed itself in `comm`. */
async function commandOf(pid: string): Promise<string> {
  const called = (await quiet(readFile(`/proc/${pid}/cmdline`, 'utf8')))?.split('\0')[0]?.split('/').at(-1)
  const name = called || (await quiet(readFile(`/proc/${pid}/comm`, 'utf8')))?.trim() || 'a program'
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)
}

/** Inodes of the sockets that listen on a port. Columns: proc(5), /proc/net/tcp. */
async function listeners(table: string, port: number): Promise<readonly string[]> {
  const text = (await quiet(readFile(table, 'utf8'))) ?? ''
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  return text.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/)
    const isListening = columns[3] === '0A' && columns[1]?.endsWith(`:${hexPort}`)
    return isListening && columns[9] !== undefined ? [columns[9]] : []
  })
}

async function names(directory: string): Promise<readonly string[]> {
  return (await quiet(readdir(directory))) ?? []
}

async function quiet<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch {
    return undefined
  }
}
