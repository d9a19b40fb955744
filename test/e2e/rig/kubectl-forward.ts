/**
 * `kubectl port-forward` of the cluster's own version, as a child beside kpf.
 *
 * Something to hold kpf's figures against: what the same client of the same pods sees
 * through what people use today. It is never restarted, as kubectl is not.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { answered } from '../clients.ts'
import { freePort } from '../kpf.ts'
import type { Cluster } from './cluster.ts'

export class KubectlForward {
  /** The local port. */
  readonly port: number
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#child = child
    this.#ended = once(child, 'exit')
  }

  /** Resolves once an HTTP request has been answered through it. */
  static async start(cluster: Cluster, target: string, remote: number): Promise<KubectlForward> {
    const port = await freePort()
    const forward = new KubectlForward(port, cluster.spawnKubectl(['port-forward', target, `${port}:${remote}`]))
    try {
      await answered(port)
    } catch (error) {
      await forward.stop()
      throw error
    }
    return forward
  }

  /** Ends it; it may have ended by itself. */
  async stop(): Promise<void> {
    this.#child.kill()
    await this.#ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
