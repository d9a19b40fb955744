/** `kpf demo`: the real supervisor on a sample cluster in this process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Sandbox } from '../../sandbox/sandbox.ts'
import { freePorts } from '../../system/free-ports.ts'
import { realClock } from '../../system/clock.ts'
import { type Context, isSet } from '../context.ts'
import { playTour } from './tour.ts'
import { up } from '../up/up.ts'

const APPS = [
  { name: 'web', image: 'shop/web:2.1.0', replicas: 2, ports: { 8080: { name: 'http', speaks: 'http' } } },
  { name: 'api', image: 'shop/api:1.4.2', replicas: 2, ports: { 8080: { name: 'http', speaks: 'http' } } },
  { name: 'queue', image: 'shop/queue:7.2', replicas: 1, ports: { 7000: { name: 'echo', speaks: 'echo' } } },
] as const

/** Runs the verb. */
export async function demo(context: Context): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'kpf-demo-'))
  const sandbox = await Sandbox.start({ clock: realClock, namespace: 'shop', apps: APPS })
  try {
    const [web = 0, api = 0, queue = 0, spare = 0] = await freePorts(4)
    const file = join(dir, 'forwards.yaml')
    const kubeconfig = join(dir, 'kubeconfig')
    await writeFile(kubeconfig, sandbox.kubeconfig, { mode: 0o600 })
    await writeFile(file, sampleFile({ web, api, queue }))
    const inside: Context = { ...context, words: [], flags: { ...context.flags, file: [file] }, env: { ...context.env, KUBECONFIG: kubeconfig } }
    if (isSet(context.flags, 'tour') || !context.terminal.isInteractive) {
      return await playTour({ context: inside, sandbox, file, sampleFile, ports: { web, api, queue, spare } })
    }
    context.err(`a sample cluster runs in this process, at ${sandbox.server}
the file is ${file}: edit it while kpf runs
try: curl localhost:${web}      stop: Ctrl-C
in another terminal: cd ${dir}
    then: kpf ps, kpf logs, kpf stop web, kpf trace web --kubeconfig kubeconfig\n\n`)
    return await up(inside)
  } finally {
    await sandbox.close()
    await rm(dir, { recursive: true, force: true })
  }
}

/** The file of the demo. */
function sampleFile(ports: { readonly web: number; readonly api: number; readonly queue?: number }): string {
  const queue = ports.queue === undefined ? '' : `  queue: -l app=queue ${ports.queue}:echo\n`
  return `# The forwards of the demo: each line is what kubectl port-forward takes.
name: demo
namespace: shop
forwards:
  web: svc/web ${ports.web}:80
  api:
    target: deploy/api
    ports: [{ localPort: ${ports.api}, remotePort: http, appProtocol: http }]
    hold: { timeout: 20s }
${queue}`
}
