/** What every account of every test is held to: the schema that is shipped, and a diagram that Mermaid itself can read. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import mermaidPackage from 'mermaid'
import type { Account } from '../../src/trace/account.ts'
import { mermaid } from '../../src/trace/mermaid.ts'

const isAccount = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(new URL('../../schema/trace.schema.json', import.meta.url), 'utf8')))

/** The account, when all of it is as documented. */
export async function checked(account: Account): Promise<Account> {
  // As it is printed: what is undefined is not there.
  const printed: unknown = JSON.parse(JSON.stringify(account))
  if (!isAccount(printed)) throw new Error(`no account of the schema: ${JSON.stringify(isAccount.errors, undefined, 1)}`)
  await parsed(mermaid(account))
  return account
}

/** Rejects with Mermaid's own words when this is no sequence diagram. */
export async function parsed(diagram: string): Promise<string> {
  const { diagramType } = await mermaidPackage.parse(diagram)
  if (diagramType !== 'sequence') throw new Error(`a diagram of type ${diagramType}`)
  return diagram
}
