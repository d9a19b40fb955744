/** A program on a terminal of its own, by `script` of util-linux: what it shows, and what is typed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** One run. */
export class Terminal {
  readonly ended: Promise<number>
  readonly #child: ChildProcess
  #shown = ''

  constructor(command: readonly string[], { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }) {
    // `e` gives the program's own exit code.
    this.#child = spawn('script', ['-qefc', command.join(' '), '/dev/null'], {
      cwd,
      env: { ...process.env, CI: undefined, TERM: 'xterm', LANG: 'C.UTF-8', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.ended = once(this.#child, 'exit').then(([code]) => Number(code))
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#shown += chunk.toString()))
  }

  /** Resolves when the text has been shown. */
  async shows(text: string): Promise<void> {
    const chunks = this.#child.stdout
    while (!this.#shown.includes(text)) {
      if (chunks === null || this.#child.exitCode !== null) throw new Error(`ended without "${text}": ${this.#shown}`)
      await Promise.race([once(chunks, 'data'), this.ended])
    }
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
    await this.ended
  }
}
