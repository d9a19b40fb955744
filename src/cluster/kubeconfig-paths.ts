/** Which kubeconfig files are read. Pure. */
import { delimiter, join } from 'node:path'

/** None is larger; what is may be anything. */
export const MAX_KUBECONFIG_BYTES = 16 * 1024 * 1024

/** What they depend on beside a name. */
export interface KubeconfigPlace {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/** The files that are read, in the order in which they win. */
export function kubeconfigPaths(named: string | undefined, { env, home }: KubeconfigPlace): readonly string[] {
  if (named !== undefined) return [named]
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '')
  return listed.length > 0 ? listed : [join(home, '.kube', 'config')]
}
