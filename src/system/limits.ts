/** What the process may open at most. */
import { readFileSync } from 'node:fs'

const DESCRIPTORS_PER_CONNECTION = 1

/** Connections at once: 80 % of the soft descriptor limit less 64 for everything else. */
export function maxConnections(): number {
  const soft = Number(linuxLimit() ?? reportedLimit())
  const descriptors = Number.isFinite(soft) ? soft : 65_536
  return Math.max(16, Math.floor((0.8 * (descriptors - 64)) / DESCRIPTORS_PER_CONNECTION))
}

/** As the kernel tells it, in a tenth of the time of a report. Source: man 5 proc_pid_limits. */
function linuxLimit(): string | undefined {
  try {
    return /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

function reportedLimit(): number | string {
  // The report is the only place where Node tells the limit; its type is `object`.
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } }
  return report.userLimits?.open_files?.soft ?? 1024
}
