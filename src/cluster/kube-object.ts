/** Objects as the API gives them: JSON whose shape is not taken for granted. Pure. */

/** An object as the API gives it. */
export type KubeObject = Readonly<Record<string, unknown>>

/** The `metadata` of an object, or nothing. */
export function metadata(object: KubeObject): Readonly<Record<string, unknown>> {
  return isRecord(object['metadata']) ? object['metadata'] : {}
}

/** The name of an object. */
export function nameOf(object: KubeObject): string {
  const name = metadata(object)['name']
  return typeof name === 'string' ? name : ''
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value if it is an object, else an empty one. */
export function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

/** The objects of a list. */
export function records(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
