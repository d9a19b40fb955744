/** The routes of the control API that answer once: a request to an answer. The streams are in `streams.ts`, the status in `shared-status.ts`. */
import {
  type AnswerHead,
  API_VERSION,
  type AppliedBody,
  type ApplyRequest,
  type EndedBody,
  type ExportsBody,
  type NamesBody,
  type PlannedBody,
} from './shapes.ts'
import type { StatusSource } from './shared-status.ts'
import { readTerms } from './terms.ts'

/** A name that nobody has, and what may be meant. */
interface Unknown {
  readonly message: string
  readonly fix: string
}

/** What the API speaks for: a running project. */
export interface Controlled extends StatusSource {
  readonly version: string
  /** What is said to names of which one is no forward's; undefined for names that all are. `where` is what has the forwards. */
  unknownForward(names: readonly string[], forwards: readonly { readonly name: string }[], where: string): Unknown | undefined
  exports(): ExportsBody
  apply(request: ApplyRequest): Promise<AppliedBody>
  /** What `apply` would do. */
  plan(request: ApplyRequest): Promise<PlannedBody>
  reload(): Promise<AppliedBody>
  start(names: readonly string[]): NamesBody
  stop(names: readonly string[]): NamesBody
  restart(names: readonly string[]): NamesBody
  kick(): void
  /** Ends everything; busy connections have `drainMs`. A second call may be shorter. */
  end(drainMs: number): Promise<EndedBody>
}

/** An answer before it is written. */
export interface Answer {
  readonly code: number
  readonly body: object
}

/** Longer than anybody waits for a drain. */
const MAX_DRAIN_MS = 3_600_000
const MAX_NAMES = 10_000

type Body = Readonly<Record<string, unknown>>

/** Answers a request; `body` is what was sent, an empty object when nothing was. */
export async function answer(controlled: Controlled, route: string, body: unknown): Promise<Answer> {
  if (!isBody(body)) return refusal(controlled, 400, { error: 'the body is no JSON object', hint: 'see docs/control-api.md' })
  const names = namesOf(body['names'])
  if (names === undefined) return refusal(controlled, 400, { error: '"names" is no list of names', hint: 'send {"names": ["api"]}, or none for all' })
  if (route.startsWith('POST') && body['end'] !== true && controlled.status().isStopping) {
    return refusal(controlled, 409, { error: 'the project is ending', hint: 'when it has: kpf up' })
  }
  switch (route) {
    case 'GET /v1/exports':
      return good(controlled, controlled.exports())
    case 'POST /v1/apply':
    case 'POST /v1/plan': {
      const request = requestOf(names, body)
      if (request === undefined) return refusal(controlled, 400, { error: '"terms" are none', hint: 'see docs/control-api.md' })
      return applied(controlled, await (route === 'POST /v1/plan' ? controlled.plan(request) : controlled.apply(request)))
    }
    case 'POST /v1/reload':
      return applied(controlled, await controlled.reload())
    case 'POST /v1/kick':
      controlled.kick()
      return good(controlled, {})
    case 'POST /v1/start':
    case 'POST /v1/restart':
    case 'POST /v1/stop': {
      const unknown = controlled.unknownForward(names, controlled.status().forwards, 'the running project')
      if (unknown) return refusal(controlled, 404, { error: unknown.message, hint: unknown.fix })
      return acted(controlled, route, { names, body })
    }
    default:
      return refusal(controlled, 404, { error: `there is no ${route}`, hint: 'see docs/control-api.md; the supervisor may be older than the client' })
  }
}

function requestOf(names: readonly string[], { content, terms }: Body): ApplyRequest | undefined {
  const read = terms === undefined ? undefined : readTerms(terms)
  if (terms !== undefined && read === undefined) return undefined
  return { names, ...(typeof content === 'string' && { content }), ...(read && { terms: read }) }
}

async function acted(
  controlled: Controlled,
  route: 'POST /v1/start' | 'POST /v1/restart' | 'POST /v1/stop',
  { names, body }: { names: readonly string[]; body: Body },
): Promise<Answer> {
  if (route === 'POST /v1/start') return good(controlled, controlled.start(names))
  if (route === 'POST /v1/restart') return good(controlled, controlled.restart(names))
  if (body['end'] !== true) return good(controlled, controlled.stop(names))
  const drainMs = body['drainMs'] ?? 0
  if (typeof drainMs !== 'number' || !(drainMs >= 0 && drainMs <= MAX_DRAIN_MS)) {
    return refusal(controlled, 400, { error: '"drainMs" is no number of milliseconds', hint: 'send 0 to 3600000' })
  }
  return good(controlled, await controlled.end(drainMs))
}

/** What every answer begins with. */
export function head({ version }: Controlled): AnswerHead {
  return { v: API_VERSION, version }
}

/** An answer that says what is wrong. */
export function refusal(controlled: Controlled, code: number, said: { readonly error: string; readonly hint: string }): Answer {
  return { code, body: { ...head(controlled), ...said } }
}

function good(controlled: Controlled, body: object): Answer {
  return { code: 200, body: { ...head(controlled), ...body } }
}

function applied(controlled: Controlled, outcome: AppliedBody | PlannedBody): Answer {
  return { code: outcome.kind === 'rejected' ? 422 : 200, body: { ...head(controlled), ...outcome } }
}

function namesOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > MAX_NAMES) return undefined
  const names = value.filter((name): name is string => typeof name === 'string')
  return names.length === value.length ? names : undefined
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
