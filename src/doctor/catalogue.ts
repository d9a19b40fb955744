/**
 * Every code that kpf prints: what is behind it, how to see it, how to fix it. Pure.
 *
 * `kpf explain` prints one of them, docs/errors.md is made of all.
 */
import { nearestText } from '../cluster/nearest.ts'
import { type FailureClass, failureClasses } from '../tunnel/failure.ts'
import { fileCodes } from './file-codes.ts'
import { runCodes } from './run-codes.ts'

/** What is known of a code, in Markdown's plain words. */
export interface Entry {
  /** What it means, as a part of a sentence. */
  readonly behind: string
  /** A command that shows it. */
  readonly see: string
  /** What helps. */
  readonly fix: string
}

/** One code, explained. */
export interface Explained extends Entry {
  readonly code: string
  /** Whether it is of the file or of a running forward. */
  readonly of: 'file' | 'forward'
  /** What kpf does about it, and the state that is shown. */
  readonly outcome: string
}

/** What follows from a class: the state of `supervisor/describe.ts`, and when it is tried again. */
const outcomes: Readonly<Record<FailureClass, string>> = {
  connection: 'waiting; tried again with backoff, and at once when the cluster is back',
  resolve: 'waiting; another pod is looked for, and the cluster is watched for one',
  stream: 'costs this one connection; degraded after three refusals in a row',
  auth: 'failed (auth); tried again slowly, and at once when the kubeconfig changes',
  rbac: 'failed (forbidden); asked again every minute',
  config: 'failed (config); tried again when the file, the kubeconfig or the object changes',
  protocol: 'the next transport is tried; failed (config) when it was the last',
}

const otherOutcomes: Readonly<Record<string, string>> = {
  KPF_PORT_BUSY: 'waiting (port-busy); asked for again every 2 s',
  KPF_BIND_REFUSED: 'failed (bind); asked for again every 30 s',
  KPF_RESTARTS_USED_UP: 'failed (gave-up)',
  KPF_CONNECTION_LIMIT: 'a warning; new connections are reset',
  KPF_HOLD_TIMEOUT: 'a warning; the connections were reset',
}

/** All codes, in the order of the documentation. */
export const catalogue: readonly Explained[] = [
  ...Object.entries(fileCodes).map(([code, entry]) => ({ code, of: 'file' as const, outcome: 'nothing changes; what ran goes on', ...entry })),
  ...Object.entries(runCodes).map(([code, entry]) => ({ code, of: 'forward' as const, outcome: outcomeOf(code), ...entry })),
]

function outcomeOf(code: string): string {
  const found = Object.entries(failureClasses).find(([name]) => name === code)?.[1]
  return found === undefined ? (otherOutcomes[code] ?? 'a warning') : outcomes[found]
}

/** The code that a person means, in any case, with or without KPF_; else the names that are near. */
export function findCode(word: string): Explained | { readonly nearest: string } {
  const wanted = word.trim().toUpperCase().replaceAll('-', '_')
  const found = catalogue.find(({ code }) => code === wanted || code === `KPF_${wanted}`)
  if (found) return found
  const short = catalogue.map(({ code }) => code.slice('KPF_'.length))
  return { nearest: nearestText(wanted.replace(/^KPF_/, ''), short) }
}

/** One entry, as a person reads it. */
export function entryText({ code, behind, outcome, see, fix }: Explained): string {
  return `${code}\n  behind it:  ${behind}\n  kpf:        ${outcome}\n  to see it:  ${see}\n  to fix it:  ${fix}\n`
}

/** All codes, one a line. */
export function listText(): string {
  return catalogue.map(({ code, behind }) => `${code.padEnd(28)}${behind}\n`).join('')
}

/** docs/errors.md. */
export function markdown(): string {
  const rows = (of: Explained['of']): readonly Explained[] => catalogue.filter((entry) => entry.of === of)
  const file = rows('file').map(({ code, behind, see, fix }) => row([`\`${code}\``, behind, shell(see), fix]))
  const forward = rows('forward').map(({ code, behind, outcome, see, fix }) => row([`\`${code}\``, behind, outcome, shell(see), fix]))
  return `# Codes

Every code that kpf prints: what is behind it, how to see it, and what helps; \`kpf explain CODE\` prints one of them. A code of the file comes with its place, \`FILE:LINE:COLUMN\`; a code of a running forward with the forward's name. Codes are stable. This page is made by \`npm run errors\`.

## The file

A file with problems changes nothing: what ran before goes on.

| Code | What is behind it | How to see it | What helps |
|---|---|---|---|
${file.join('\n')}

## A running forward

A code of this table may also come with a \`warning\`: then the forward's tunnel is open and serves on, and the code tells what stands in the way of the next one.

| Code | What is behind it | What kpf does | How to see it | What helps |
|---|---|---|---|---|
${forward.join('\n')}
`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function shell(command: string): string {
  return `\`${command}\``
}
