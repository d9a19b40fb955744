/** A mistake in a `KPF_*` variable is told with that variable: nobody has written the flag. Pure. */
import { variableOf } from './arguments.ts'
import type { Context } from './context.ts'
import type { Flag } from './verbs.ts'

/** What is said, with the variable below a message about a flag that came from one. */
export function namingVariables(flags: readonly Flag[], { err, env, flags: values }: Pick<Context, 'err' | 'env' | 'flags'>): Context['err'] {
  const given = flags.filter((flag) => flag.value !== undefined && values[flag.name] !== undefined && values[flag.name] === env[variableOf(flag)])
  return (text) => {
    const found = text.startsWith('kpf: ') ? given.find((flag) => isAbout(text, flag.name, String(values[flag.name]))) : undefined
    err(found === undefined ? text : `${text}    it is set by ${variableOf(found)}\n`)
  }
}

/**
 * Whether a message tells a mistake in a flag: its first line names the flag, or begins or
 * denies with it (`context "x" is not in`, `no output "x"`). A value alone says nothing: a
 * Service that is missing in namespace "x" is no mistake in the namespace.
 */
function isAbout(text: string, name: string, value: string): boolean {
  const [first = ''] = text.split('\n')
  return first.includes(`--${name} `) || [': ', ' no '].some((before) => first.includes(`${before}${name} "${value}"`))
}
