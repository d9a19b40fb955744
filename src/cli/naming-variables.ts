/** A mistake in a `KPF_*` variable is told with that variable: nobody has written the flag. Pure. */
import { variableOf } from './arguments.ts'
import type { Context } from './context.ts'
import type { Flag } from './verbs.ts'

/** What is said, with the variable below a message about a flag that came from one. */
export function namingVariables(flags: readonly Flag[], { err, env, flags: values }: Pick<Context, 'err' | 'env' | 'flags'>): Context['err'] {
  const given = flags.filter((flag) => flag.value !== undefined && values[flag.name] !== undefined && values[flag.name] === env[variableOf(flag)])
  return (text) => {
    const isMistake = text.startsWith('kpf: ')
    const found = isMistake ? given.find((flag) => text.includes(`--${flag.name} `) || text.includes(`"${String(values[flag.name])}"`)) : undefined
    err(found === undefined ? text : `${text}    it is set by ${variableOf(found)}\n`)
  }
}
