/**
 * Control lines to a running test cluster, one connection each: a line that waits
 * (`stop apiserver`) then keeps none waiting. The language is in test/cluster/README.md.
 */
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** One process of the cluster. */
export type Part = 'etcd' | 'apiserver' | 'controllers' | 'scheduler' | `kubelet-${number}` | `runtime-${number}`

export type Signal = 'KILL' | 'TERM' | 'INT' | 'STOP' | 'CONT'

/** The answer's fields. A refused line is an exception with the cluster's text. */
export async function tell(dir: string, line: string): Promise<Record<string, unknown>> {
  const socket = connect(join(dir, 'control'))
  socket.end(`${line}\n`)
  const answer = JSON.parse(await text(socket)) as Record<string, unknown>
  if (typeof answer['error'] === 'string') throw new Error(`test cluster: "${line}": ${answer['error']}`)
  return answer
}
