import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import { pairFault } from '../../src/cluster/key-pair.ts'

const names = { certificate: 'CERT', key: 'KEY' }
const texts: Record<string, string> = {}

/** A pair of each kind, and what people make of them. */
beforeAll(async () => {
  const rsa = await generate([{ name: 'commonName', value: 'rsa' }], { algorithm: 'sha256' })
  const other = await generate([{ name: 'commonName', value: 'other' }], { algorithm: 'sha256' })
  const ec = await generate([{ name: 'commonName', value: 'ec' }], { algorithm: 'sha256', keyType: 'ec' })
  const key = createPrivateKey(rsa.private)
  const secret = { cipher: 'aes256', passphrase: 'pa55' } as const
  Object.assign(texts, {
    rsa: rsa.cert,
    'rsa key': rsa.private,
    'rsa key of OpenSSL 1': key.export({ type: 'pkcs1', format: 'pem' }),
    other: other.cert,
    ec: ec.cert,
    'ec key': ec.private,
    'another ec key': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
    'both in one file': `${rsa.cert}\n${rsa.private}`,
    'a chain': `${rsa.cert}\n${other.cert}`,
    'an encrypted key': key.export({ type: 'pkcs8', format: 'pem', ...secret }),
    'an encrypted key of OpenSSL 1': key.export({ type: 'pkcs1', format: 'pem', ...secret }),
    'a cut certificate': rsa.cert.slice(0, 500),
    'a cut key': rsa.private.slice(0, 500),
    'a public key': rsa.public,
    nothing: '',
    'a text': 'hello',
  })
})

test.each([
  ['rsa', 'rsa key'],
  ['rsa', 'rsa key of OpenSSL 1'],
  ['ec', 'ec key'],
  ['both in one file', 'both in one file'],
  ['a chain', 'rsa key'],
])('%s and %s fit', (certificate, key) => {
  expect(pairFault({ certificate: texts[certificate] ?? '', key: texts[key] }, names)).toBeUndefined()
  expect(pairFault({ certificate: Buffer.from(texts[certificate] ?? ''), key: Buffer.from(texts[key] ?? '') }, names)).toBeUndefined()
})

test.each([
  ['other', 'rsa key', /^KEY is not the key of CERT$/],
  ['ec', 'another ec key', /^KEY is not the key of CERT$/],
  // TLS itself takes these, and then shows no certificate.
  ['rsa', 'ec key', /^KEY is not the key of CERT$/],
  ['rsa', undefined, /^CERT has no key$/],
  ['rsa', 'an encrypted key', /^KEY is encrypted/],
  ['rsa', 'an encrypted key of OpenSSL 1', /^KEY is encrypted/],
  ['a cut certificate', 'rsa key', /^CERT holds a certificate that is cut off or damaged \(ERR_OSSL_\w+\)$/],
  ['rsa', 'a cut key', /^KEY holds a private key that is cut off or damaged \(ERR_OSSL_\w+\)$/],
  ['rsa key', 'rsa', /^CERT holds a private key and no certificate$/],
  ['rsa', 'rsa', /^KEY holds a certificate and no private key$/],
  ['rsa', 'a public key', /^KEY holds no private key in PEM$/],
  ['nothing', 'rsa key', /^CERT holds no certificate in PEM$/],
  ['a text', 'rsa key', /^CERT holds no certificate in PEM$/],
  ['rsa', 'nothing', /^KEY holds no private key in PEM$/],
])('of %s and %s it is told what is wrong, and nothing of what they hold', (certificate, key, what) => {
  const fault = pairFault({ certificate: texts[certificate] ?? '', key: key === undefined ? undefined : texts[key] }, names)
  expect(fault?.what).toMatch(what)
  expect(fault?.fix).not.toBe('')
  expect(JSON.stringify(fault)).not.toMatch(/MII|hello/)
})

test('the binary form of a certificate is no PEM', () => {
  const der = Buffer.from((texts['rsa'] ?? '').replace(/-----.*-----|\s/g, ''), 'base64')
  expect(pairFault({ certificate: der, key: texts['rsa key'] }, names)?.what).toBe('CERT holds no certificate in PEM')
})
