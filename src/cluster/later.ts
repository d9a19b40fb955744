/**
 * Code of a cluster that is read only on some day: a plugin that is asked, tokens that are
 * refreshed, a proxy.
 *
 * Each is imported in one place. Node looks for a file again when another module asks for
 * it, though it has read it: to have been read ahead would help nobody.
 */
import { readProxyWay } from './connect.ts'

/** Reads each of them, once. */
export const later = {
  execPlugin: () => import('./exec-plugin.ts'),
  oidcIssuer: () => import('./oidc-issuer.ts'),
  proxy: async () => (await readProxyWay()).readSocks(),
} as const
