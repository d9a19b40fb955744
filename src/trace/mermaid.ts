/**
 * The account of a trace as a Mermaid sequence diagram. Pure.
 *
 * Solid arrows are what kpf did, dashed ones what came back; open heads are what happens
 * inside the cluster, which is known by its outcome only. A failed arrow ends in a cross.
 * Source: mermaid.js.org/syntax/sequenceDiagram.html
 */
import { type Account, type Party, type SectionId, type Step, sections } from './account.ts'
import { timeText } from './table.ts'

/** From left to right. */
const order: readonly Party[] = ['you', 'kpf', 'files', 'plugin', 'dns', 'proxy', 'server', 'node', 'runtime', 'program']
const MAX_TEXT = 110

/** The text of the diagram. */
export function mermaid(account: Account): string {
  const ids = (Object.keys(sections) as SectionId[]).filter((id) => account.steps.some((step) => step.section === id))
  const parties = order.filter((party) => isIn(party, account))
  const across = `${parties[0]},${parties.at(-1)}`
  const blocks = ids.flatMap((id) => [
    '  rect rgba(127, 127, 127, 0.1)',
    `  Note over ${across}: ${escaped(sections[id])}`,
    ...(id === 'node' ? ways(account) : []),
    ...account.steps.filter((step) => step.section === id).flatMap((step) => arrows(step, parties)),
    '  end',
  ])
  const ending = `  Note over ${across}: ${escaped(endText(account))}`
  return ['sequenceDiagram', ...parties.map((party) => `  participant ${party} as ${escaped(nameOf(party, account))}`), ...blocks, ending, ''].join('\n')
}

function isIn(party: Party, { steps }: Account): boolean {
  // The kubelet takes part in every tunnel, though nothing is sent to it directly.
  if (party === 'node') return steps.some(({ section }) => section === 'node')
  return party === 'kpf' || steps.some(({ from, to }) => from === party || to === party)
}

function nameOf(party: Party, { server, node, pod }: Account): string {
  const names: Readonly<Record<Party, string>> = {
    you: 'you',
    kpf: 'kpf',
    files: 'files',
    plugin: 'credential plugin',
    dns: 'name service',
    proxy: 'proxy',
    server: `API server${server === undefined ? '' : ` ${server}`}`,
    node: `kubelet${node === undefined ? '' : ` of ${node}`}`,
    runtime: 'container runtime',
    program: `program in pod${pod === undefined ? '' : ` ${pod}`}`,
  }
  return names[party]
}

/** What the API server and the kubelet do for every tunnel; never seen from here. */
function ways({ pod }: Account): readonly string[] {
  return ['  server--)node: passes the tunnel on', `  node--)runtime: port-forward into pod ${escaped(pod ?? '')}`]
}

function arrows(step: Step, parties: readonly Party[]): readonly string[] {
  const { from, to, result, seen, failure, tookMs } = step
  const what = escaped(step.what)
  if (from === to) return [`  Note over ${from}: ${what}${step.answer === undefined ? '' : `: ${escaped(step.answer)}`}`, ...notes(step, parties)]
  const head = result === 'done' ? (seen ? '->>' : '--)') : seen ? '-x' : '--x'
  const answer = step.answer === undefined || failure ? [] : [`  ${to}-->>${from}: ${escaped(`${step.answer} (${timeText(tookMs)})`)}`]
  return [`  ${from}${head}${to}: ${what}`, ...answer, ...notes(step, parties)]
}

function notes({ from, to, failure, result }: Step, parties: readonly Party[]): readonly string[] {
  if (failure === undefined) return []
  const [left, right] = [from, to].toSorted((a, b) => parties.indexOf(a) - parties.indexOf(b))
  const where = left === right ? `over ${left}` : `over ${left},${right}`
  return [`  Note ${where}: ${escaped(`${result === 'warned' ? 'goes on' : 'FAILED'}: ${failure.code} ${failure.message}`)}`]
}

function endText({ outcome, podPort, transport, tookMs }: Account): string {
  if (outcome.kind === 'through') return `through to port ${podPort} by ${transport} in ${timeText(tookMs)}`
  return `broken in ${sections[outcome.section]}, at ${outcome.step}${outcome.failure.hint === undefined ? '' : `: ${outcome.failure.hint}`}`
}

/** Signs that would end a statement, begin a comment or be read as HTML are written as entities. */
function escaped(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text
  return short.replace(/[#;<>%&\\]/g, (sign) => `#${sign.charCodeAt(0)};`).replace(/\s+/g, ' ')
}
