/**
 * That the machine slept, or came to another network (rule H4). A process that goes on
 * after a sleep is told by nobody: only a stop of itself has a signal (SIGCONT).
 *
 * A clock that does not jump stands still while Linux sleeps and goes on while macOS does,
 * so both are looked at: how late a look comes, and how far the wall clock went meanwhile.
 */
import { networkInterfaces } from 'node:os'
import type { Clock } from './clock.ts'

const LOOK_MS = 1_000
/** A look that is as late was stopped, not only slow. */
const GAP_MS = 3_000
/** Further than a clock is corrected by; one that is set costs a question too many. */
const JUMP_MS = 2_000

/** The machine. */
export interface WakeParts {
  readonly clock: Clock
  /** A text that is another one in another network. */
  readonly network: () => string
}

/** Calls `woke` after each, until the signal ends it. */
export async function watchWakes({ clock, network }: WakeParts, woke: () => void, signal: AbortSignal): Promise<void> {
  const look = (): { nowMs: number; aheadMs: number; place: string } => {
    const nowMs = clock.now()
    return { nowMs, aheadMs: clock.wallMs() - nowMs, place: network() }
  }
  let before = look()
  while (await clock.sleep(LOOK_MS, signal)) {
    const after = look()
    const isLate = after.nowMs - before.nowMs > GAP_MS || Math.abs(after.aheadMs - before.aheadMs) > JUMP_MS
    // Without any address there is nothing to try: its return is the news.
    const hasMoved = after.place !== before.place && after.place !== ''
    if (isLate || hasMoved) woke()
    before = after
  }
}

/** The addresses that this machine has for others. Those of a link alone come and go with every container. */
export function networkNow(): string {
  try {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    return all
      .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
      .map(({ cidr, address }) => cidr ?? address)
      .toSorted()
      .join()
  } catch {
    // Some sandboxes refuse to tell (libuv: uv_interface_addresses).
    return ''
  }
}
