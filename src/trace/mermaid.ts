/**
 * The account of a trace as a Mermaid sequence diagram. Pure.
 *
 * Solid arrows are what kpf did, dashed ones what came back; open heads are what happens
 * inside the cluster, which is known by its outcome only. A failed arrow ends in a cross,
 * and its section is red.
 * Source: mermaid.js.org/syntax/sequenceDiagram.html
 */
import { escapeForeign } from '../tunnel/escape.ts'
import { type Account, type Party, type SectionId, type Step, sections } from './account.ts'
import { wrapped } from '../output/wrapped.ts'
import { timeText } from './table.ts'

/** From left to right. */
const order: readonly Party[] = ['files', 'plugin', 'kpf', 'dns', 'proxy', 'server', 'node', 'runtime', 'program']
const MAX_TEXT = 160
/** Characters of a line between two neighbours: longer ones push the lifelines apart. */
const GAP = 24

/** The text of the diagram. */
export function mermaid(account: Account): string {
  const parties = order.filter((party) => isIn(party, account))
  const ids = (Object.keys(sections) as SectionId[]).filter((id) => account.steps.some((step) => step.section === id))
  const all: Span = { from: parties[0] ?? 'kpf', to: parties.at(-1) ?? 'kpf', parties }
  const blocks = ids.flatMap((id) => {
    const steps = account.steps.filter((step) => step.section === id)
    return [`  rect ${colourOf(steps)}`, note(all, sections[id]), ...steps.flatMap((step) => arrows(step, parties, account)), '  end']
  })
  const actors = parties.map((party) => `  participant ${party} as ${nameOf(party, account)}`)
  return ['sequenceDiagram', ...actors, ...blocks, note(all, endText(account)), ''].join('\n')
}

function isIn(party: Party, { steps }: Account): boolean {
  // Both take part in every tunnel, though nothing is sent to them directly.
  if ((party === 'node' || party === 'runtime') && steps.some(isTunnel)) return true
  return party === 'kpf' || steps.some(({ from, to }) => from === party || to === party)
}

function colourOf(steps: readonly Step[]): string {
  return steps.some(({ result }) => result === 'failed') ? 'rgba(220, 40, 40, 0.2)' : 'rgba(127, 127, 127, 0.1)'
}

function nameOf(party: Party, { server, node, pod }: Account): string {
  const names: Readonly<Record<Party, readonly [role: string, name?: string | undefined]>> = {
    kpf: ['kpf'],
    files: ['files'],
    plugin: ['credential plugin'],
    dns: ['name service'],
    proxy: ['proxy'],
    server: ['API server', server],
    node: ['kubelet', node],
    runtime: ['container runtime'],
    program: ['program in', pod],
  }
  const [role, name] = names[party]
  return name === undefined ? role : `${role}<br/>${escaped(name)}`
}

/** Two lifelines, and what stands between them. */
interface Span {
  readonly from: Party
  readonly to: Party
  readonly parties: readonly Party[]
}

function isTunnel({ id, result }: Step): boolean {
  return id === 'upgrade' && result === 'done'
}

/**
 * What the API server and the kubelet have done when a 101 comes back; never seen from here.
 * Each passes the upgrade on and answers with the answer it got (k8s.io/apimachinery,
 * pkg/util/proxy: UpgradeAwareHandler).
 */
function ways({ pod }: Account, parties: readonly Party[]): readonly string[] {
  return [
    `  server--)node: ${lines('passes the upgrade on', { from: 'server', to: 'node', parties })}`,
    `  node--)runtime: ${lines(`passes it on, for pod ${pod ?? ''}`, { from: 'node', to: 'runtime', parties })}`,
  ]
}

function arrows(step: Step, parties: readonly Party[], account: Account): readonly string[] {
  const { from, to, what, answer, result, seen, failure, tookMs } = step
  const span = { from, to, parties }
  if (from === to) return [note(span, answer === undefined || failure ? what : `${what}: ${answer}`), ...failureNotes(step, span)]
  // A step that is merely doubtful was done.
  const isDone = result === 'done' || (result === 'warned' && failure === undefined)
  const head = isDone ? (seen ? '->>' : '--)') : seen ? '-x' : '--x'
  const time = tookMs === undefined ? '' : ` (${timeText(tookMs)})`
  const back = answer === undefined || failure ? [] : [`  ${to}-->>${from}: ${lines(`${answer}${time}`, span)}`]
  return [`  ${from}${head}${to}: ${lines(what, span)}`, ...(isTunnel(step) ? ways(account, parties) : []), ...back, ...failureNotes(step, span)]
}

function failureNotes({ failure, result }: Step, span: Span): readonly string[] {
  if (result === 'stopped') return [note({ ...span, to: span.from }, 'stopped here')]
  if (failure === undefined) return []
  return [note(span, `${result === 'warned' ? 'goes on' : '✗ FAILED'}: ${failure.code} ${failure.message}`)]
}

function note(span: Span, text: string): string {
  const { from, to, parties } = span
  const [left, right] = [from, to].toSorted((a, b) => parties.indexOf(a) - parties.indexOf(b))
  return `  Note over ${left === right ? left : `${left},${right}`}: ${lines(text, span)}`
}

function endText({ outcome, podPort, transport, tookMs }: Account): string {
  if (outcome.kind === 'through') return `through to port ${podPort} by ${transport} in ${timeText(tookMs)}`
  if (outcome.kind === 'stopped') return `stopped in "${sections[outcome.section]}", at ${outcome.step}`
  return `broken in "${sections[outcome.section]}", at ${outcome.step}${outcome.failure.hint === undefined ? '' : `: ${outcome.failure.hint}`}`
}

/** The text in lines that fit between two lifelines; a time is not parted from its unit. */
function lines(text: string, { from, to, parties }: Span): string {
  const width = GAP * Math.max(1, Math.abs(parties.indexOf(from) - parties.indexOf(to)))
  const short = escapeForeign(text.replace(/\s+/g, ' '), MAX_TEXT).replace(/ (m?s\))/g, '\u00a0$1')
  return wrapped(short, width).map(escaped).join('<br/>')
}

/** Signs that would end a statement, begin a comment or be read as HTML are written as entities. */
function escaped(text: string): string {
  return escapeForeign(text, MAX_TEXT).replace(/[#;<>%&\\]/g, (sign) => `#${sign.charCodeAt(0)};`)
}
