import { expect, test } from 'vitest'
import { gatherMachine, type Machine } from '../../src/doctor/gather-machine.ts'
import { forward, onLocalhost } from '../supervisor/forwards.ts'

function machine(texts: Readonly<Record<string, string>>, more: Partial<Machine> = {}): Machine {
  return {
    files: { read: async (path) => (texts[path] === undefined ? { kind: 'missing' } : { kind: 'read', bytes: Buffer.from(texts[path]) }) },
    env: { PATH: '/bin' },
    home: '/home/ada',
    probePort: async () => undefined,
    findHolder: async () => undefined,
    descriptorLimit: () => 1_024,
    programsNamed: async () => [],
    ownProgram: async () => '/bin/kpf',
    ...more,
  }
}

test('every address of every port is asked for, and only a busy one for its holder', async () => {
  const asked: number[] = []
  const { ports } = await gatherMachine(
    [forward('api', 8080, { ports: [onLocalhost(8080), onLocalhost(8081)] })],
    machine(
      {},
      {
        probePort: async ({ address, port }) => (address === '127.0.0.1' && port === 8080 ? 'EADDRINUSE' : undefined),
        findHolder: async ({ port }) => {
          asked.push(port)
          return { pid: 7, command: 'redis' }
        },
      },
    ),
  )
  expect(ports.map(({ address, port, errno }) => `${address} ${port} ${errno}`)).toEqual([
    '127.0.0.1 8080 EADDRINUSE',
    '::1 8080 undefined',
    '127.0.0.1 8081 undefined',
    '::1 8081 undefined',
  ])
  expect(asked).toEqual([8080])
})

test.each([
  ['.bashrc', '# alias kpf=x\n  alias kpf="kubectl port-forward"\n', 'alias'],
  ['.config/fish/config.fish', 'alias kpf "kubectl port-forward"\n', 'alias'],
  ['.zshrc', 'plugins=(git\n  kubectl)\n', 'plugin'],
  ['.zshrc', 'plugins=(git kubectlx)\n', undefined],
  ['.bashrc', 'alias kpfx=y\n# alias kpf=z\n', undefined],
])('%s with %j', async (name, text, kind) => {
  const { aliases } = await gatherMachine([], machine({ [`/home/ada/${name}`]: text }))
  expect(aliases).toEqual(kind === undefined ? [] : [{ file: `~/${name}`, kind }])
})

test('limits of inotify are read where there are some', async () => {
  expect((await gatherMachine([], machine({ '/proc/sys/fs/inotify/max_user_watches': '8192\n' }))).inotify).toEqual({ max_user_watches: 8_192 })
  expect((await gatherMachine([], machine({}))).inotify).toEqual({})
})
