/** Other processes of this machine: whether one still runs, and is the one that was meant. */
import { readFileSync } from 'node:fs'

/** When a process started, in the machine's own words; a pid is given again, that together with it is not. */
export async function startOf(pid: number): Promise<string | undefined> {
  switch (process.platform) {
    case 'linux':
      return linuxStart(pid)
    case 'win32':
      // Windows tells no start without a shell; the pipe is asked as well.
      return isThere(pid) ? 'running' : undefined
    default:
      return posixStart(pid)
  }
}

/** Field 22 of the process's line, counted from the boot (proc_pid_stat(5)); a zombie has ended. */
function linuxStart(pid: number): string | undefined {
  try {
    const [stat = '', boot = ''] = [`/proc/${pid}/stat`, '/proc/sys/kernel/random/boot_id'].map((path) => readFileSync(path, 'utf8'))
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${boot.trim()} ${fields[19]}`
  } catch {
    return undefined
  }
}

async function posixStart(pid: number): Promise<string | undefined> {
  const { execFile } = await import('node:child_process')
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  execFile('/bin/ps', ['-o', 'lstart=', '-p', `${pid}`], { env: { LC_ALL: 'C' } }, (error, stdout) => resolve(error ? undefined : stdout.trim() || undefined))
  return promise
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** This process. */
export function self(): { readonly pid: number; readonly platform: string } {
  return { pid: process.pid, platform: process.platform }
}
