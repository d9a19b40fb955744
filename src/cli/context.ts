/** What a verb is handed: its words, and the world around the process. */
import type { Readable } from 'node:stream'
import type { Terminal } from '../system/terminal.ts'
import type { Screen } from './screen.ts'

/** Flags by their long names: text, `true`, or the list of a repeated one. */
export interface FlagValues {
  readonly [name: string]: string | boolean | readonly (string | boolean)[] | undefined
}

/** By the long name of a flag that nobody wrote: the variable that has set it. */
export interface FlagSources {
  readonly [name: string]: string | undefined
}

/** One run of one verb. */
export interface Context {
  readonly version: string
  readonly words: readonly string[]
  readonly flags: FlagValues
  readonly sources: FlagSources
  /** What stood after `--`, for the verb that runs a command. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly stdin: () => Readable & { readonly isTTY?: boolean }
  /** Data. Never blocks, never fails: what nobody reads is dropped. */
  readonly out: (text: string) => void
  /** Resolves when stdout takes more, for those who must not lose a line; with false when nobody reads it any more. */
  readonly outRoom?: () => Promise<boolean>
  /** Everything else. */
  readonly err: (text: string) => void
  readonly terminal: Terminal
  /** The same terminal, for those who use it in turns. */
  readonly screen: Screen
  /** Signals of the process, until the result is called. */
  readonly onSignal: (listener: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT' | 'SIGUSR1' | 'SIGUSR2') => void) => () => void
  /** That the process goes on after it was stopped (Ctrl-Z, a frozen container), until the result is called. */
  readonly onContinue?: (listener: () => void) => () => void
}

/** What is there before the words are read. */
export type Surroundings = Omit<Context, 'words' | 'flags' | 'sources' | 'screen' | 'command'>

/** A flag's text; the last one counts. */
export function textFlag(flags: FlagValues, name: string): string | undefined {
  const value = flags[name]
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  return typeof last === 'string' ? last : undefined
}

/** Whether a switch was given. */
export function isSet(flags: FlagValues, name: string): boolean {
  const value = flags[name]
  return value === true || (Array.isArray(value) && value.includes(true))
}

/** Tells what is no problem: with `--quiet` nothing. */
export function say({ flags, err }: Pick<Context, 'flags' | 'err'>, text: string): void {
  if (!isSet(flags, 'quiet')) err(text)
}

/** How many columns there are for what is said; undefined where it goes to no terminal. */
export function widthFor({ terminal }: Pick<Context, 'terminal'>): number | undefined {
  return terminal.isInteractive ? terminal.size().width : undefined
}

/** All texts of a repeatable flag. */
export function textFlags(flags: FlagValues, name: string): readonly string[] {
  const value = flags[name]
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : []
}
