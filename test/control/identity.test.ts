/** One key for one project, and paths that fit into a socket's address. */
import { expect, test } from 'vitest'
import { projectKey, socketFolders, socketPath } from '../../src/control/identity.ts'
import { stateFolder } from '../../src/system/user-folders.ts'

const shop = { files: ['/home/ann/shop/forwards.yaml', '/home/ann/shop/more.yaml'], name: undefined, portOffset: 0, host: 'laptop' }

test('the key is the same whatever the order of the files, and another for every other project', () => {
  expect(projectKey({ ...shop, files: shop.files.toReversed() })).toBe(projectKey(shop))
  const others = [{ files: ['/home/ann/shop/forwards.yaml'] }, { name: 'shop' }, { portOffset: 1 }, { host: 'server' }].map((other) =>
    projectKey({ ...shop, ...other }),
  )
  expect(new Set([projectKey(shop), ...others]).size).toBe(5)
  expect(projectKey(shop)).toMatch(/^[0-9a-f]{64}$/)
})

test('state is where each system keeps it, and a relative path of a variable is ignored', () => {
  expect(stateFolder({}, '/home/ada', 'linux')).toBe('/home/ada/.local/state/kpf')
  expect(stateFolder({ XDG_STATE_HOME: '/var/ada' }, '/home/ada', 'linux')).toBe('/var/ada/kpf')
  expect(stateFolder({ XDG_STATE_HOME: 'state' }, '/home/ada', 'linux')).toBe('/home/ada/.local/state/kpf')
  expect(stateFolder({}, '/Users/ada', 'darwin')).toBe('/Users/ada/Library/Application Support/kpf')
})

test('sockets go to the runtime directory, else under the state', () => {
  expect(socketFolders({ XDG_RUNTIME_DIR: '/run/user/1000' }, '/home/ada', 'linux')).toEqual(['/run/user/1000/kpf', '/home/ada/.local/state/kpf/run'])
  expect(socketFolders({}, '/home/ada', 'linux')).toEqual(['/home/ada/.local/state/kpf/run'])
})

test('a path of a socket has 100 bytes at most, counted in bytes', () => {
  const key = projectKey(shop)
  expect(socketPath('/run/user/1000/kpf', key, 'linux')).toBe(`/run/user/1000/kpf/${key.slice(0, 16)}.sock`)
  const room = 100 - '/.sock'.length - 16
  expect(socketPath(`/${'a'.repeat(room - 1)}`, key, 'linux')).toHaveLength(100)
  expect(socketPath(`/${'a'.repeat(room)}`, key, 'linux')).toBeUndefined()
  expect(socketPath(`/${'ä'.repeat(room / 2 + 1)}`, key, 'linux')).toBeUndefined()
  expect(socketPath('', key, 'win32')).toBe(`\\\\.\\pipe\\kpf-${key}`)
})
