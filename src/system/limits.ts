/** What the process may open at most. */
import { readFileSync } from 'node:fs'

/** The local socket. Streams of a tunnel have none of their own; a channel has one, and is counted twice. */
const DESCRIPTORS_PER_CONNECTION = 1
/** For everything else: listeners, tunnels, watches, files. */
const OTHER_DESCRIPTORS = 64
const LEAST = 16

/** Connections at once, from what the machine says of this process. */
export function maxConnections(): number {
  return connectionsFor(descriptorLimit())
}

/** The soft limit of open files; `unlimited` is a word. */
export function descriptorLimit(): number | string | undefined {
  return linuxLimit() ?? reportedLimit()
}

/** 80 % of a soft descriptor limit, less what everything else needs (rule D6). `unlimited` is a word. */
export function connectionsFor(soft: number | string | undefined): number {
  const limit = Number(soft ?? 1024)
  const descriptors = Number.isFinite(limit) ? limit : 65_536
  return Math.max(LEAST, Math.floor((0.8 * (descriptors - OTHER_DESCRIPTORS)) / DESCRIPTORS_PER_CONNECTION))
}

/** As the kernel tells it, in a tenth of the time of a report. Source: man 5 proc_pid_limits. */
function linuxLimit(): string | undefined {
  try {
    return /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

function reportedLimit(): number | string | undefined {
  // The report is the only place where Node tells the limit; its type is `object`.
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } }
  return report.userLimits?.open_files?.soft
}
