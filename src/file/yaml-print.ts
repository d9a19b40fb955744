/** Plain values as YAML, for outputs. Pure. */
import { stringify } from 'yaml'

/** The text, with a line break at its end. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0 })
}
