/**
 * Runs one program to its end, and gathers what it said.
 *
 * Knows nothing of the cluster. A program that fails is a result, not an exception;
 * only one that could not be started is.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export interface Result {
  readonly stdout: string
  readonly stderr: string
  /** The exit code, or -1 when a signal ended it. */
  readonly code: number
}

export interface RunOptions {
  readonly stdin?: string
  readonly env?: NodeJS.ProcessEnv
  /** Ends the program with SIGKILL after that time. */
  readonly limitMs?: number
}

/** Starts `file` without a shell and waits until it has ended and its output has been read. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const child = spawn(file, args, {
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    ...(options.limitMs === undefined ? {} : { timeout: options.limitMs }),
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? -1))
  })
  // A program may end without having read its stdin: that EPIPE says nothing.
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { stdout, stderr, code }
}

/** What `file` printed; a failure is an exception that quotes it. */
export async function outputOf(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { stdout, stderr, code } = await run(file, args, options)
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: exit ${code}\n${stderr}${stdout}`)
  return stdout
}
