/**
 * Whether a client certificate and its key can be used together, and which of the two is
 * wrong. Pure; of what they hold, nothing is told but which kind of thing it is.
 *
 * TLS would take a pair of two algorithms without a word and then show no certificate, and
 * what it says of the others names neither of the two.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { errnoOf } from '../system/errno.ts'

/** As PEM; a certificate may have lost its key. */
export interface KeyPair {
  readonly certificate: string | Buffer
  readonly key: string | Buffer | undefined
}

/** How the two are called where somebody can correct them: `client-key-data`. */
export interface PairNames {
  readonly certificate: string
  readonly key: string
}

/** What is wrong with a pair, as a sentence about it and what to do. */
export interface PairFault {
  readonly what: string
  readonly fix: string
}

/** Labels of RFC 7468, and the older ones that OpenSSL writes and reads. */
const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/
/** PKCS #8 says it in the label (RFC 7468, section 11), what is older in a header (RFC 1421, section 4.6.1.1). */
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m

/** The first thing that is wrong; undefined for a pair that fits. */
export function pairFault({ certificate, key }: KeyPair, names: PairNames): PairFault | undefined {
  const leaf = read(() => new X509Certificate(certificate))
  // TLS reads PEM alone; the class reads the binary form, too.
  if (!(leaf instanceof X509Certificate) || !CERTIFICATE.test(textOf(certificate))) return certificateFault(textOf(certificate), leaf, names)
  if (key === undefined) return { what: `${names.certificate} has no key`, fix: `add ${names.key}` }
  const own = read(() => createPrivateKey({ key, format: 'pem' }))
  if ('code' in own) return keyFault(textOf(key), own, names)
  if (leaf.checkPrivateKey(own)) return undefined
  return { what: `${names.key} is not the key of ${names.certificate}`, fix: 'take both from one pair' }
}

/** A frequent slip, and the text cannot tell which of the two it was. */
const inData = ' (in a -data field the base64 of it)'

function certificateFault(text: string, read: X509Certificate | Unread, { certificate }: PairNames): PairFault {
  if (CERTIFICATE.test(text)) return damaged(certificate, 'certificate', read)
  const other = PRIVATE_KEY.test(text) ? 'a private key and no certificate' : 'no certificate in PEM'
  return { what: `${certificate} holds ${other}`, fix: `give it a text that begins with -----BEGIN CERTIFICATE-----${inData}` }
}

function keyFault(text: string, read: Unread, { key }: PairNames): PairFault {
  if (ENCRYPTED.test(text)) return { what: `${key} is encrypted, and nobody can be asked for its passphrase`, fix: 'decrypt it with: openssl pkey -in FILE' }
  if (PRIVATE_KEY.test(text)) return damaged(key, 'private key', read)
  const other = CERTIFICATE.test(text) ? 'a certificate and no private key' : 'no private key in PEM'
  return { what: `${key} holds ${other}`, fix: `give it a text that begins with -----BEGIN PRIVATE KEY-----${inData}` }
}

function damaged(name: string, kind: string, read: object): PairFault {
  return { what: `${name} holds a ${kind} that is cut off or damaged${'code' in read ? ` (${String(read.code)})` : ''}`, fix: 'copy the whole of it again' }
}

/** By its code alone: OpenSSL's words are for those who know it. */
interface Unread {
  readonly code: string
}

function read<T extends KeyObject | X509Certificate>(make: () => T): T | Unread {
  try {
    return make()
  } catch (error) {
    return { code: errnoOf(error) }
  }
}

function textOf(pem: string | Buffer): string {
  return typeof pem === 'string' ? pem : pem.toString('latin1')
}
