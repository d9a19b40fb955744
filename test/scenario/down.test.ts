/** When `kpf down` has answered the supervisor is gone, unless it cannot end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { startOf } from '../../src/system/processes.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

/** A process with the lock of the project that gives it back when it is asked to end, and then goes on as its script says. */
async function slowToEnd(project: ScenarioProject, script: string): Promise<{ child: ChildProcess; pid: number; server: Server }> {
  expect(await project.run('up', '--wait')).toMatchObject({ code: 0 })
  const folder = join(project.dir, 'kpf/projects')
  const lock = join(folder, (await readdir(folder)).find((name) => name.endsWith('.lock')) ?? '')
  const record = JSON.parse(await readFile(lock, 'utf8'))
  expect(await project.run('down')).toMatchObject({ code: 0 })
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] })
  const pid = child.pid ?? 0
  const server = createServer((socket) => {
    socket.once('data', () => {
      void rm(lock).then(() => {
        child.stdin.write('\n')
        const body = '{"forwards":1,"served":0,"failed":0,"reset":0}'
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(record.note.socket, resolve))
  await writeFile(lock, JSON.stringify({ ...record, pid, started: await startOf(pid) }))
  return { child, pid, server }
}

// The log is written to its end after the lock is free; who was told "stopped" found the process, and a log without its last lines.
test.each([
  ['has ended', 'read line; sleep 0.4', false],
  ['does not end for a second, since nobody reads what it prints', 'read line; exec sleep 30', true],
])('down answers when the supervisor %s', async (_when, script, isStillThere) => {
  await using project = await ScenarioProject.make(`name: shop\nforwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  const { child, pid, server } = await slowToEnd(project, script)
  try {
    expect(await project.run('down')).toEqual({ code: 0, stdout: '', stderr: 'stopped: 1 forward, 0 connections served, 0 failed, 0 reset at the end\n' })
    expect((await startOf(pid)) !== undefined).toBe(isStillThere)
  } finally {
    child.kill('SIGKILL')
    server.close()
  }
})
