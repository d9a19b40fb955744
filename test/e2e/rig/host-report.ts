/** What `host.ts` tells, and how it is read. */
import { readFile } from 'node:fs/promises'

/** What a process has at one moment. */
export interface Holding {
  /** By Node's own names: what keeps it alive. */
  readonly resources: readonly string[]
  readonly handles: readonly string[]
  readonly timers: number
  /** Its open descriptors, as links. */
  readonly descriptors: readonly string[]
  /** TCP only. */
  readonly sockets: readonly string[]
}

/** A line of the report, in the order of time. */
export type HostLine =
  | ({ readonly at: 'before' } & Holding)
  | ({ readonly at: 'stopped'; readonly code: number; readonly children: string } & Holding)
  | { readonly at: 'idle'; readonly afterMs: number; readonly timers: number }
  | { readonly at: 'forced' }

/** All lines so far. */
export async function readHostReport(path: string): Promise<readonly HostLine[]> {
  const text = await readFile(path, 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as HostLine]))
}
