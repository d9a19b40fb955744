/** One bare upgrade of a pod's port-forward, to see what the server says to it without kpf. */
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Cluster } from './cluster.ts'

/** The answer: 101, or a refusal with its text. */
export interface UpgradeAnswer {
  readonly status: number
  readonly body: string
}

export interface UpgradeOptions {
  readonly ca: Buffer
  readonly token: string
  /** Default: websocket. */
  readonly protocol?: 'websocket' | 'spdy'
}

const headersOf = {
  websocket: {
    upgrade: 'websocket',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
  },
  spdy: { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' },
} as const

/** Asks once, and lets go of the tunnel at once if there is one. */
export function askUpgrade(cluster: Cluster, podName: string, { ca, token, protocol = 'websocket' }: UpgradeOptions): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    request(`${cluster.server}/api/v1/namespaces/default/pods/${podName}/portforward`, {
      method: protocol === 'spdy' ? 'POST' : 'GET',
      ca,
      agent: false,
      headers: { authorization: `Bearer ${token}`, connection: 'Upgrade', ...headersOf[protocol] },
    })
      .on('upgrade', (response, socket) => {
        socket.destroy()
        resolve({ status: response.statusCode ?? 0, body: '' })
      })
      .on('response', (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body: body.trim() }), reject)
      })
      .on('error', reject)
      .end()
  })
}
