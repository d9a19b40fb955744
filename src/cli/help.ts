/** `kpf help`, `kpf help VERB`, `kpf` alone: made from the verb table. */
import type { Context } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { adHoc, type Flag, globalFlags, type Verb, verbs } from './verbs.ts'

/** Runs the verb. */
export async function help(context: Context): Promise<number> {
  const [name] = context.words
  const verb = verbs.find((candidate) => candidate.name === name)
  if (name !== undefined && verb === undefined) {
    context.err(`kpf: unknown verb "${name}"\n    see: kpf help\n`)
    return exitCodes.usage
  }
  context.out(verb ? verbHelp(verb) : generalHelp())
  return exitCodes.done
}

/** What a newcomer sees. `using` is a line about the context in use. */
export function firstHelp(using: string): string {
  return `kpf keeps Kubernetes port-forwards up, from a file you commit.
  kpf demo               try it now, no cluster needed
  kpf svc/api 8080:80    one forward, in kubectl's grammar
  kpf up                 start what forwards.yaml says
  kpf check              say what is wrong with forwards.yaml
${using}. More: kpf help
`
}

/** All verbs and global flags. */
export function generalHelp(): string {
  const lines = [...verbs, adHoc].map((verb) => `  ${verb.usage.padEnd(46)}  ${verb.summary}`)
  return `kpf keeps Kubernetes port-forwards up, from a file you commit.

${lines.join('\n')}

Flags of every verb (each also as KPF_NAME):
${flagLines(globalFlags)}

Exit codes: 0 done, 1 failed, 2 usage or invalid file, 4 credentials, 5 cluster unreachable, 6 local port, 9 approval needed
`
}

/** One verb, with examples. */
export function verbHelp(verb: Verb): string {
  const flags = verb.flags.length > 0 ? `\nFlags:\n${flagLines(verb.flags)}\n` : ''
  return `${verb.usage}\n    ${verb.summary}\n${flags}\nExamples:\n${verb.examples.map((example) => `  ${example}`).join('\n')}\n`
}

function flagLines(flags: readonly Flag[]): string {
  return flags
    .map((flag) => {
      const name = `${flag.short === undefined ? '    ' : `-${flag.short}, `}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`
      return `  ${name.padEnd(30)}  ${flag.help}`
    })
    .join('\n')
}
