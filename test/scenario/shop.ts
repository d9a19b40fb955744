/** The sample cluster of most scenarios: one Deployment of two pods, and its Service. */
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'

/** Starts it; namespace `shop`, `svc/web` with port 80. */
export function startShop(): Promise<Sandbox> {
  return Sandbox.start({
    clock: realClock,
    namespace: 'shop',
    apps: [{ name: 'web', image: 'shop/web:2.1.0', replicas: 2, ports: { 8080: { name: 'http', speaks: 'http' } } }],
  })
}
