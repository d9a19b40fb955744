import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import type { Finding } from '../../src/doctor/finding.ts'
import { reportData, reportText } from '../../src/doctor/report.ts'

const schema: object = JSON.parse(readFileSync(fileURLToPath(new URL('../../schema/doctor.schema.json', import.meta.url)), 'utf8'))

const findings: readonly Finding[] = [
  {
    id: 'local-port',
    section: 'machine',
    severity: 'error',
    about: 'api',
    evidence: '127.0.0.1:8080 is used by redis (pid 7)',
    code: 'KPF_PORT_BUSY',
    fix: 'kill 7',
    trouble: 'bind',
  },
  { id: 'clock', section: 'machine', severity: 'ok', evidence: 'the clock agrees' },
  { id: 'tls', section: 'cluster', severity: 'warning', about: 'context dev', evidence: 'not verified', fix: 'verify it' },
]

test('the text goes by sections, and ends with a count', () => {
  expect(reportText(findings, { isUtf8: true, isQuiet: false })).toMatchInlineSnapshot(`
    "This machine
      ✗  local-port   api: 127.0.0.1:8080 is used by redis (pid 7)
         KPF_PORT_BUSY
         fix: kill 7
      ✓  clock        the clock agrees

    Clusters
      !  tls          context dev: not verified
         fix: verify it

    1 error, 1 warning"
  `)
})

test('quiet leaves out what is in order; without UTF-8 the marks are ASCII', () => {
  const text = reportText(findings, { isUtf8: false, isQuiet: true })
  expect(text).not.toContain('agrees')
  expect(text).toContain('  x  local-port')
  expect(reportText([], { isUtf8: true, isQuiet: true })).toBe('all in order')
})

test('on a terminal what does not fit is folded, below where it began', () => {
  const long = findings.map((finding): Finding => ({ ...finding, fix: 'kill 7, or choose another port in forwards.yaml:3:5' })).slice(0, 1)
  expect(reportText(long, { isUtf8: true, isQuiet: false, width: 44 })).toMatchInlineSnapshot(`
    "This machine
      ✗  local-port   api: 127.0.0.1:8080 is
                      used by redis (pid 7)
         KPF_PORT_BUSY
         fix: kill 7, or choose another port in
              forwards.yaml:3:5

    1 error"
  `)
})

test('what is the same for many is said once, and counted once', () => {
  const same = ['a', 'b', 'c', 'd', 'e'].map(
    (about): Finding => ({ id: 'permissions', section: 'forward', severity: 'warning', about, evidence: 'no watch', fix: 'x' }),
  )
  const text = reportText([...same, { id: 'target', section: 'forward', severity: 'ok', about: 'a', evidence: 'pod a-1' }], { isUtf8: false, isQuiet: false })
  expect(text).toBe('Forwards\n  !  permissions  a, b, c and 2 more: no watch\n     fix: x\n  ok target       a: pod a-1\n\n1 warning')
})

test('the data has the published shape', () => {
  const isReport = new Ajv({ strict: false, formats: { 'date-time': true } }).compile(schema)
  expect(isReport(reportData(findings, { time: '2026-01-01T00:00:00.000Z', exitCode: 6 })), JSON.stringify(isReport.errors)).toBe(true)
})
