/**
 * The Kubernetes Status in the body of a refusal, if it is one.
 *
 * Pure. Takes only what it can check; the rest of the object is nobody's business here.
 */

/** The parts of a Status that classification looks at. */
export interface HttpStatus {
  readonly message: string
  readonly retryAfterSeconds: number | undefined
}

/** `undefined` for anything that is not a JSON object of kind Status. */
export function readStatus(body: string): HttpStatus | undefined {
  const status = asObject(parse(body))
  if (status?.['kind'] !== 'Status') return undefined
  const message = status['message']
  const retryAfterSeconds = asObject(status['details'])?.['retryAfterSeconds']
  return {
    message: typeof message === 'string' ? message : '',
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  // Any non-null object may be read by name; a missing name gives undefined.
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
}
