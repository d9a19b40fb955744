/** A program on a real terminal, kept by tmux: what a person sees of it, and the keys they press. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { outputOf, run } from '../e2e/rig/program.ts'

const TMUX = '/usr/bin/tmux'

/** Whether there is a tmux; without it a test says that it needs one. */
export const hasTmux = existsSync(TMUX)

/** How large the terminal is, and what the program finds around it. */
export interface TerminalOptions {
  readonly width?: number
  readonly height?: number
  readonly env?: Readonly<Record<string, string>>
}

/** One terminal, with one program in it. */
export class TmuxTerminal implements AsyncDisposable {
  /** For its socket, which tmux leaves behind. */
  readonly #dir: string

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** Starts the program; its screen stays when it has ended. */
  static async start(command: readonly string[], { width = 80, height = 24, env = {} }: TerminalOptions = {}): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal(await mkdtemp(join(tmpdir(), 'kpf-tmux-')))
    const variables = Object.entries({ LANG: 'C.UTF-8', TERM: 'screen-256color', ...env }).map(([key, value]) => `${key}=${value}`)
    const program = ['env', '-u', 'CI', '-u', 'NO_COLOR', '-u', 'FORCE_COLOR', ...variables, ...command].map(quoted).join(' ')
    await terminal.#tmux('new-session', '-d', '-x', `${width}`, '-y', `${height}`, `${program}; echo "[exit $?]"; cat`)
    return terminal
  }

  /** What stands on the screen, without the empty lines at its end; escapes of colours are kept when asked for. */
  async screen({ withColors = false } = {}): Promise<string> {
    const shown = await this.#tmux('capture-pane', '-p', ...(withColors ? ['-e'] : []))
    return shown
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd()
  }

  /** What has scrolled away, and the screen. */
  history(): Promise<string> {
    return this.#tmux('capture-pane', '-p', '-S', '-')
  }

  /** Whether a person sees where they type. */
  async hasCursor(): Promise<boolean> {
    return (await this.#tmux('display-message', '-p', '#{cursor_flag}')).trim() === '1'
  }

  /** The screen, once it shows that. */
  async shows(expected: RegExp): Promise<string> {
    let shown = ''
    await expect.poll(async () => (shown = await this.screen()), { timeout: 20_000 }).toMatch(expected)
    return shown
  }

  /** The screen that is left when the program has ended, its exit code in brackets below it. */
  ended(): Promise<string> {
    return this.shows(/^\[exit \d+\]$/m)
  }

  /** Keys as tmux names them: `q`, `C-c`, `Down`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', '--', ...keys)
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#tmux('resize-window', '-x', `${width}`, '-y', `${height}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(TMUX, ['-S', join(this.#dir, 's'), 'kill-server'])
    await rm(this.#dir, { recursive: true, force: true })
  }

  #tmux(...args: readonly string[]): Promise<string> {
    return outputOf(TMUX, ['-S', join(this.#dir, 's'), '-f', '/dev/null', ...args])
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** What differs from run to run, in as many characters: ports, pods, times, ages. */
export function masked(screen: string): string {
  return screen
    .replaceAll(/(localhost|127\.0\.0\.1)?:\d{5}\b/g, (_all, host = '') => `${host}:PPPPP`)
    .replaceAll(/\b(web|api|queue)-[0-9a-f]{5}\b/g, '$1-xxxxx')
    .replaceAll(/^\d\d:\d\d:\d\d/gm, 'HH:MM:SS')
    .replaceAll(/ +\d+[smh]$/gm, ' AGE')
    .replaceAll(/\bin \d+(\.\d)? s\b/g, 'in N s')
    .replaceAll(/, \d+ s\b/g, ', N s')
    .replaceAll(/used by .*? \(pid \d+\)/g, 'used by PROGRAM (pid N)')
    .replaceAll(/\/tmp\/kpf-[\w-]+/g, '/tmp/kpf-xxxxxx')
}
