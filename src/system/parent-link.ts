/**
 * The link of a copy in the background to who started it, until it stands.
 *
 * Apart from what starts one: that reads `node:child_process`, which takes 2 ms and no
 * other start needs.
 */

/** Tells the copy what it is; the processes that it starts do not see it. */
export const MARK = '_KPF_DETACHED'

/** What the copy says to who started it. */
export type BackgroundMessage = { readonly kind: 'said'; readonly text: string } | { readonly kind: 'up'; readonly code: number; readonly name: string }

/** The way back to who started this copy. */
export interface ParentLink {
  tell(message: BackgroundMessage): void
  /** Nothing more is told; the parent may be gone. */
  leave(): void
}

/** Undefined in a process that is no copy. */
export function parentLink(): ParentLink | undefined {
  if (process.env[MARK] === undefined || process.send === undefined) return undefined
  delete process.env[MARK]
  return {
    tell: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => {})
    },
    leave: () => {
      if (process.connected) process.disconnect()
    },
  }
}
