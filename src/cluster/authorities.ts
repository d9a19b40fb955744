/**
 * Whom a server is trusted by when the kubeconfig names no authority: those that come
 * with Node and `NODE_EXTRA_CA_CERTS`, and the machine's own store, where a company
 * keeps its own. kubectl, a Go program, reads the latter.
 */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { Credential } from './credentials.ts'

/** As PEM, each once. */
function machineAuthorities(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])]
}

/** What TLS with the API server stands on; made once for many connections. Throws for what is no certificate or key. */
export function clusterContext({ certificate, key }: Pick<Credential, 'certificate' | 'key'>, authority: Buffer | undefined): SecureContext {
  return createSecureContext({
    ca: authority ?? machineAuthorities(),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    minVersion: 'TLSv1.2',
  })
}

/**
 * What TLS with a proxy stands on. For client-go a proxy must be of the cluster's
 * authority if one is named; others trust the machine's: either will do.
 */
export function proxyContext(authority: Buffer | undefined): SecureContext {
  return createSecureContext({ ca: [...machineAuthorities(), ...(authority ? [authority] : [])], minVersion: 'TLSv1.2' })
}
