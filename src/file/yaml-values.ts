/** YAML that is not a forwards file: plain values, or an exception. For kubeconfigs. Pure. */
import { parse } from 'yaml'

/** The value of a text; throws for what is no YAML. */
export function readYaml(text: string): unknown {
  // `silent` would keep the mistakes back as well, and give what could be read.
  return parse(text, { uniqueKeys: false, logLevel: 'error' })
}
