/**
 * Problems as annotations of GitHub Actions. Pure.
 *
 * Source: docs.github.com, workflow commands: `%`, CR and LF are escaped in the message,
 * in properties `:` and `,` too.
 */
import type { Problem } from '../file/problems.ts'

/** One line a problem. */
export function githubText(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, column, code, message, fix }) => {
      const text = fix === undefined ? message : `${message} (fix: ${fix})`
      return `::error file=${property(file)},line=${line},col=${column},title=${property(code)}::${data(text)}\n`
    })
    .join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
