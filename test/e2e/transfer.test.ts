/** Every byte, over every transport, both ways. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { open } from './clients.ts'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { pod } from './rig/manifests.ts'
import { askedMode } from './rig/modes.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(pod('echo', { containers: [{ app: 'echo', ports: { echo: 7000 } }] }))
  await cluster.waitFor('condition=Ready', ['pod/echo'])
}, 1_200_000)
afterAll(() => cluster.stop())

const CLIENTS = 64
const BYTES_EACH = (1024 * 1024 * 1024) / CLIENTS / 2

/** Sends so many bytes of its own pattern, reads them back, and compares hashes. */
async function echoAll(port: number, client: number): Promise<boolean> {
  const socket = await open(port)
  const [sent, received] = [createHash('sha256'), createHash('sha256')]
  let got = 0
  const done = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      received.update(chunk)
      got += chunk.length
      if (got === BYTES_EACH) resolve()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`closed after ${got} of ${BYTES_EACH}`)))
  })
  const block = Buffer.alloc(64 * 1024)
  for (let at = 0; at < block.length; at += 4) block.writeUInt32LE((client * 2_654_435_761 + at) >>> 0, at)
  for (let left = BYTES_EACH, round = 0; left > 0; left -= block.length, round++) {
    const part = Buffer.from(block)
    part.writeUInt32LE(round, 0)
    sent.update(part)
    if (!socket.write(part)) await once(socket, 'drain')
  }
  await done
  socket.destroy()
  return sent.digest('hex') === received.digest('hex')
}

// The oldest servers speak no WebSocket tunnel.
test.each(askedMode() === 'spdy-only' ? ['spdy', 'channel'] : ['websocket', 'spdy', 'channel'])(
  '64 clients move 1 GiB through one forward over %s, every byte checked',
  async (transport) => {
    const port = await freePort()
    await using up = await Up.start(`forwards:\n  echo: { target: pod/echo, ports: ["${port}:7000"], transport: ${transport} }\n`, {
      kubeconfig: cluster.kubeconfig,
    })
    await up.ready('echo')
    const startMs = performance.now()
    const results = await Promise.all(Array.from({ length: CLIENTS }, (_, client) => echoAll(port, client)))
    console.info(transport, `${Math.round(1024 / ((performance.now() - startMs) / 1000))} MiB/s`)
    expect(results.every(Boolean)).toBe(true)
  },
  240_000,
)

/** What comes back for a text, until as much has come as was sent or the connection has ended. */
async function echoOf(port: number, text: string): Promise<string> {
  const socket = await open(port)
  let answer = ''
  const done = new Promise<void>((resolve, reject) => {
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk
      if (answer.length >= text.length) resolve()
    })
    socket.on('close', resolve).on('error', reject)
  })
  socket.write(text)
  await done
  socket.destroy()
  return answer
}

test('2,000 connections, each with its own bytes, and every byte counted', async () => {
  const port = await freePort()
  await using up = await Up.start(`forwards:\n  echo: { target: pod/echo, ports: ["${port}:7000"], limits: { maxConnections: 4096 } }\n`, {
    kubeconfig: cluster.kubeconfig,
  })
  await up.ready('echo')
  const [beganMs, count] = [performance.now(), { right: 0, sent: 0, received: 0 }]
  const worker = async (first: number): Promise<void> => {
    for (let index = first; index < 2_000; index += 50) {
      const text = `connection ${index}, `.repeat(1 + (index % 400))
      const answer = await echoOf(port, text)
      count.sent += text.length
      count.received += answer.length
      if (answer === text) count.right++
    }
  }
  await Promise.all(Array.from({ length: 50 }, (_, index) => worker(index)))
  console.info('2,000 connections, ms', Math.round(performance.now() - beganMs), count)
  expect(count).toEqual({ right: 2_000, sent: count.sent, received: count.sent })
  expect(await up.stop()).toBe(0)
}, 120_000)
