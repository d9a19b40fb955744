/** Asks the API servers whether the user has what the forwards need, and tells it, permission by permission. */
import { escapeForeign } from '../tunnel/escape.ts'
import type { Failure } from '../tunnel/failure.ts'
import { permissionText } from '../trace/permissions.ts'
import { reviewAccess } from '../trace/reviews.ts'
import type { Need } from './needs.ts'
import type { Area } from './survey.ts'

/** The answer to one need; `unknown` where nobody could be asked. */
export interface Checked extends Need {
  readonly answer: 'yes' | 'no' | 'unknown'
}

/** One area, checked. */
export interface CheckedArea {
  readonly area: Area
  readonly checks: readonly Checked[]
  /** Why some of it is unknown. */
  readonly failure?: Failure
}

/** Asks for every need of every area, all at once. */
export function checkAreas(areas: readonly Area[], signal: AbortSignal): Promise<readonly CheckedArea[]> {
  return Promise.all(areas.map((area) => checkArea(area, signal)))
}

async function checkArea(area: Area, signal: AbortSignal): Promise<CheckedArea> {
  const { cluster, namespace, needs } = area
  if (cluster === undefined) return { area, checks: needs.map((need) => ({ ...need, answer: 'unknown' })), ...(area.failure && { failure: area.failure }) }
  const reviews = await Promise.all(needs.map(({ permission }) => reviewAccess(cluster, { permission, namespace, signal })))
  const failed = reviews.find((review) => review.kind === 'failure')
  const checks = needs.map((need, index): Checked => {
    const review = reviews[index]
    return { ...need, answer: review?.kind === 'allowed' ? 'yes' : review?.kind === 'denied' ? 'no' : 'unknown' }
  })
  return { area, checks, ...(failed?.kind === 'failure' && { failure: failed }) }
}

/** A line for each permission, below a line for each area. */
export function checkText(areas: readonly CheckedArea[]): string {
  return areas
    .map(({ area, checks, failure }) => {
      const as = area.user === undefined ? '' : `, as ${area.user}`
      const lines = checks.map(
        ({ answer, permission, forwards }) =>
          `  ${(answer === 'unknown' ? '?' : answer).padEnd(5)}${permissionText(permission).padEnd(36)}  ${forwards.join(', ')}`,
      )
      const why = failure === undefined ? [] : [`  ${failure.code}  ${failure.message}`, ...(failure.hint === undefined ? [] : [`  ${failure.hint}`])]
      return [
        `namespace ${escapeForeign(area.namespace)}${area.cluster === undefined ? '' : `, context ${escapeForeign(area.cluster.contextName)}`}${as}`,
        ...lines,
        ...why,
      ].join('\n')
    })
    .join('\n\n')
}

/** The same as data. */
export function checkData(areas: readonly CheckedArea[]): object {
  return {
    v: 1,
    areas: areas.map(({ area, checks, failure }) => ({
      context: area.cluster?.contextName ?? null,
      namespace: area.namespace,
      user: area.user ?? null,
      checks: checks.map(({ answer, forwards, permission: { why: _why, ...permission } }) => ({ answer, ...permission, forwards })),
      ...(failure && { failure: { code: failure.code, message: failure.message, ...(failure.hint !== undefined && { hint: failure.hint }) } }),
    })),
  }
}
