/** The first forwards file of a project, from the services that are there. Pure. */

/** A Service, as far as a first file needs it. */
export interface StarterService {
  readonly name: string
  readonly ports: readonly { readonly port: number; readonly name?: string }[]
}

/** Where the services are. */
export interface StarterFacts {
  readonly context: string
  readonly namespace: string
  readonly services: readonly StarterService[]
}

const MAX_SERVICES = 100

/** The text of the file. Every forward has local ports of its own, from 1024 on. */
export function starterText({ context, namespace, services }: StarterFacts): string {
  const taken = new Set<number>()
  const lines = services.slice(0, MAX_SERVICES).flatMap(({ name, ports }) => {
    const words = ports.map(({ port }) => `${freeNear(port, taken)}:${port}`)
    return words.length === 0 ? [] : [`  ${keyOf(name)}: svc/${name} ${words.join(' ')}`]
  })
  const body = lines.length > 0 ? `forwards:\n${lines.join('\n')}\n` : 'forwards: {}\n# forwards:\n#   web: svc/web 8080:80\n'
  return `# yaml-language-server: $schema=https://kpf.dev/schema/forwards.schema.json
# A forward is a line, as for kubectl port-forward. To start them all: kpf up
apiVersion: kpf/v1
context: ${quoted(context)}
namespace: ${quoted(namespace)}

${body}`
}

/** The same number where it may be; else one that reads like it. */
function freeNear(port: number, taken: Set<number>): number {
  let local = port < 1_024 ? port + 8_000 : port
  while (taken.has(local)) local = local >= 65_535 ? 1_024 : local + 1
  taken.add(local)
  return local
}

/** Names of services may be longer than those of forwards, but have no other letters. */
function keyOf(name: string): string {
  const short = name.slice(0, 63).replace(/-+$/, '')
  return /^(\d|true$|false$|null$)/.test(short) ? JSON.stringify(short) : short
}

function quoted(text: string): string {
  return /^[a-z][-a-z0-9]*$/i.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text) ? text : JSON.stringify(text.replaceAll('$', '$$$$'))
}
