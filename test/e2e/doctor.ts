/** A finished `kpf doctor -o json`, held to its schema. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { kpf } from './kpf.ts'

const isReport = new Ajv({ strict: false, formats: { 'date-time': true } }).compile(
  JSON.parse(readFileSync(fileURLToPath(new URL('../../schema/doctor.schema.json', import.meta.url)), 'utf8')),
)

export interface Finding {
  readonly id: string
  readonly severity: string
  readonly about?: string
  readonly evidence: string
  readonly code?: string
  readonly fix?: string
}

/** What it found, and how it ended. */
export interface Report {
  readonly code: number
  readonly findings: readonly Finding[]
  /** Those of severity error. */
  readonly errors: readonly Finding[]
}

/** Runs it; a report of another shape is the test's failure. */
export async function doctor(args: readonly string[], options: Parameters<typeof kpf>[1]): Promise<Report> {
  const { code, stdout, stderr } = await kpf(['doctor', '-o', 'json', ...args], options)
  const report: unknown = JSON.parse(stdout)
  if (!isReport(report)) throw new Error(`no report: ${JSON.stringify(isReport.errors)}\n${stdout}\n${stderr}`)
  const { findings, exitCode } = report as { readonly findings: readonly Finding[]; readonly exitCode: number }
  if (exitCode !== code) throw new Error(`it says that it ends with ${exitCode}, and ends with ${code}`)
  return { code, findings, errors: findings.filter(({ severity }) => severity === 'error') }
}
