/** A reverse proxy as many stand before an API server: plain requests pass, the wish to upgrade does not. */
import { once } from 'node:events'
import { createServer, request as ask } from 'node:https'
import type { AddressInfo } from 'node:net'
import { generate } from 'selfsigned'

/** A running one. */
export interface ReverseProxy {
  readonly url: string
  /** Base64 of its certificate, which is its own authority. */
  readonly authority: string
  close(): Promise<void>
}

/** Starts one before `server`, which is verified by `ca`. */
export async function startReverseProxy(server: string, ca: Buffer): Promise<ReverseProxy> {
  const tls = await generate([{ name: 'commonName', value: 'proxy' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })
  const proxy = createServer({ key: tls.private, cert: tls.cert }, (request, response) => {
    // As nginx does unless it is told otherwise.
    const { connection: _connection, upgrade: _upgrade, ...headers } = request.headers
    const onward = ask(`${server}${request.url}`, { method: request.method, headers: { ...headers, connection: 'close' }, ca, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  // Without a listener for `upgrade` Node would destroy the socket; it goes on as a plain request.
  proxy.on('upgrade', (request, socket) => {
    const headers = Object.entries(request.headers).filter(([name]) => !['connection', 'upgrade'].includes(name))
    const onward = ask(
      `${server}${request.url}`,
      { method: request.method, headers: { ...Object.fromEntries(headers), connection: 'close' }, ca, agent: false },
      (answer) => {
        const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`)
        socket.write(`HTTP/1.1 ${answer.statusCode} x\r\n${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`)
        answer.pipe(socket)
      },
    )
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
    onward.end()
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    authority: Buffer.from(tls.cert).toString('base64'),
    async close() {
      proxy.close()
      proxy.closeAllConnections()
      await once(proxy, 'close')
    },
  }
}
