/** The findings as a report: text for people, data for programs. Pure. */
import { hanging } from '../output/wrapped.ts'
import { type Finding, type SectionId, sections, type Severity } from './finding.ts'

const marks: Readonly<Record<Severity, readonly [string, string]>> = { ok: ['✓', 'ok'], note: ['·', '-'], warning: ['!', '!'], error: ['✗', 'x'] }

/** How the text is to be. */
export interface ReportOptions {
  readonly isUtf8: boolean
  /** Leaves out what is in order. */
  readonly isQuiet: boolean
  /** Of the terminal, if there is one. */
  readonly width?: number | undefined
}

/** All of it, without a last line break. */
export function reportText(findings: readonly Finding[], { isUtf8, isQuiet, width }: ReportOptions): string {
  const all = merged(findings)
  const shown = isQuiet ? all.filter(({ severity }) => severity === 'warning' || severity === 'error') : all
  const ids = Object.keys(sections) as SectionId[]
  const blocks = ids.flatMap((id) => {
    const lines = shown
      .filter(({ section }) => section === id)
      .flatMap((finding) => findingLines(finding, isUtf8).flatMap(([line, indent]) => hanging(line, width, indent)))
    return lines.length === 0 ? [] : [[sections[id], ...lines].join('\n')]
  })
  return [...blocks, summary(all)].join('\n\n')
}

/** Of so many the names are told; the rest is counted. */
const NAMES = 3

/** What is the same but for whom it is about is said once: fifty forwards lose one right together. */
function merged(findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, { readonly first: Finding; readonly abouts: string[] }>()
  for (const finding of findings) {
    const { about, ...rest } = finding
    const key = JSON.stringify(rest)
    const group = groups.get(key) ?? { first: finding, abouts: [] }
    groups.set(key, group)
    if (about !== undefined) group.abouts.push(about)
  }
  return [...groups.values()].map(({ first, abouts }) => (abouts.length < 2 ? first : { ...first, about: namesText(abouts) }))
}

function namesText(names: readonly string[]): string {
  const rest = names.length - NAMES
  return rest > 1 ? `${names.slice(0, NAMES).join(', ')} and ${rest} more` : names.join(', ')
}

/** Each line with how far right it goes on when it is folded. */
function findingLines({ id, severity, about, evidence, code, fix }: Finding, isUtf8: boolean): readonly (readonly [line: string, indent: number])[] {
  const mark = marks[severity][isUtf8 ? 0 : 1]
  const head = `  ${mark.padEnd(2)} ${id.padEnd(12)} `
  const indent = '     '
  const remedy = `${indent}fix: `
  return [
    [`${head}${about === undefined ? '' : `${about}: `}${evidence}`, head.length],
    ...(code === undefined || severity === 'ok' ? [] : [[`${indent}${code}`, indent.length] as const]),
    ...(fix === undefined ? [] : [[`${remedy}${fix}`, remedy.length] as const]),
  ]
}

function summary(findings: readonly Finding[]): string {
  const { errors, warnings } = countOf(findings)
  if (errors + warnings === 0) return 'all in order'
  const text = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`
  return [...(errors > 0 ? [text(errors, 'error')] : []), ...(warnings > 0 ? [text(warnings, 'warning')] : [])].join(', ')
}

function countOf(findings: readonly Finding[]): { readonly errors: number; readonly warnings: number } {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  return { errors: count('error'), warnings: count('warning') }
}

/** The same as data: schema/doctor.schema.json. */
export function reportData(findings: readonly Finding[], { time, exitCode }: { readonly time: string; readonly exitCode: number }): object {
  return { v: 1, time, exitCode, ...countOf(findings), findings: findings.map(({ trouble: _trouble, ...finding }) => finding) }
}
