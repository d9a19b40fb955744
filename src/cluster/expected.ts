/** Whether a context leads where the file says that it leads (`expect.server`). Pure. */
import { type Failure, failure } from '../tunnel/failure.ts'

/** A context that leads elsewhere than the file expects: nothing is opened there, whichever verb asks. `server` is the kubeconfig's own URL. */
export function unexpected(
  { contextName, server }: { readonly contextName: string; readonly server: string },
  expected: string | undefined,
): Failure | undefined {
  if (expected === undefined || addressOf(server) === addressOf(expected)) return undefined
  return failure('KPF_CLUSTER_UNEXPECTED', `context "${contextName}" leads to ${server}, and the file expects ${expected}`, {
    hint: 'use the context that leads there, or correct expect.server',
  })
}

/** Two spellings of one URL are one server. */
function addressOf(server: string): string {
  return URL.canParse(server) ? new URL(server).href.replace(/\/+$/, '') : server
}
