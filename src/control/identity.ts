/**
 * Which project a command line means, and what its supervisor is found by: one key, from
 * which lock, socket and log have their names. Pure.
 */
import { isAbsolute, join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { stateFolder } from '../system/user-folders.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** What makes two command lines mean the same project. */
export interface ProjectIdentity {
  /** Real paths of the files; `-` with the directory for standard input. */
  readonly files: readonly string[]
  /** As given by `-p`: the file's own `name` may be edited while it runs. */
  readonly name: string | undefined
  readonly portOffset: number
  /** A home directory may be shared by machines, a supervisor is not. */
  readonly host: string
}

/** SHA-256, in hexadecimal; the order of the files does not count (rule P6). Not by `node:crypto`: a tenth of the time of `kpf ps` was to load it. */
export function projectKey({ files, name, portOffset, host }: ProjectIdentity): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([files.toSorted(), name ?? null, portOffset, host]))))
}

/** As much of the key as names need: 64 bits. */
export function shortKey(key: string): string {
  return key.slice(0, 16)
}

/** Folders for sockets, the best first. On Windows a pipe has no folder. */
export function socketFolders(env: Variables, home: string, platform: string): readonly string[] {
  const runtime = platform === 'linux' ? env['XDG_RUNTIME_DIR'] : undefined
  const own = join(stateFolder(env, home, platform), 'run')
  return runtime !== undefined && isAbsolute(runtime) ? [join(runtime, 'kpf'), own] : [own]
}

/** Node 20 and 22 cut a longer path off without a word, at 107 bytes on Linux and 103 on macOS: two projects would share a socket. */
const MAX_PATH_BYTES = 100

/** The socket's path in a folder, or undefined where it would be too long. */
export function socketPath(folder: string, key: string, platform: string): string | undefined {
  if (platform === 'win32') return `\\\\.\\pipe\\kpf-${key}`
  const path = join(folder, `${shortKey(key)}.sock`)
  return Buffer.byteLength(path) <= MAX_PATH_BYTES ? path : undefined
}
