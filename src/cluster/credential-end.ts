/** When a credential ends, as far as it says so itself. Pure; nothing here is verified, the API server does that. */
import { X509Certificate } from 'node:crypto'
import { isRecord } from './kube-object.ts'
import { certificateTimeMs } from './time.ts'

/** The `exp` of a JSON Web Token (RFC 7519, section 4.1.4), in milliseconds since 1970; undefined for any other token. */
export function tokenEndMs(token: string): number | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return isRecord(claims) && typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : undefined
  } catch {
    return undefined
  }
}

/** The end of the first certificate of a PEM text; undefined for what is none. */
export function certificateEndMs(pem: string | Buffer): number | undefined {
  try {
    return certificateTimeMs(new X509Certificate(pem).validTo)
  } catch {
    return undefined
  }
}
