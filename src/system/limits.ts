/** What the process may open at most. */

const DESCRIPTORS_PER_CONNECTION = 1

/** Connections at once: 80 % of the soft descriptor limit less 64 for everything else. */
export function maxConnections(): number {
  // The report is the only place where Node tells the limit; its type is `object`.
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } }
  const soft = Number(report.userLimits?.open_files?.soft ?? 1024)
  const descriptors = Number.isFinite(soft) ? soft : 65_536
  return Math.max(16, Math.floor((0.8 * (descriptors - 64)) / DESCRIPTORS_PER_CONNECTION))
}
