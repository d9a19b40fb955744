/** A descriptor that whoever started this process has opened for one word: that it is ready (skarnet.org: s6 readiness notification). */
import { close, fstatSync, write } from 'node:fs'

/** Whether something that can be written to is open there. */
export function isOpenFd(fd: number): boolean {
  try {
    const found = fstatSync(fd)
    return found.isFIFO() || found.isFile() || found.isSocket() || found.isCharacterDevice()
  } catch {
    return false
  }
}

/** Writes a line and closes it: a reader that waits for either goes on. Nobody there is no mistake. */
export function tellReady(fd: number): void {
  write(fd, 'ready\n', () => close(fd, () => {}))
}
