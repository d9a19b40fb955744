/** Outputs that lead to a pipe or a socket which other programs write to as well. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

const [outputsUrl, sharedUrl] = ['outputs', 'shared-output'].map((name) => new URL(`../../src/system/${name}.ts`, import.meta.url).href)

/** What comes out of both outputs of a program, which lead to one pipe; `said` are its outputs. */
async function allOf(program: string): Promise<string> {
  const text = `import { processOutputs } from '${outputsUrl}'
    import { shareOutputs } from '${sharedUrl}'
    shareOutputs(process.platform, process)
    import { readFileSync } from 'node:fs'
    import { Socket } from 'node:net'
    import { setImmediate } from 'node:timers/promises'
    const said = processOutputs()
    ${program}`
  const child = spawn('sh', ['-c', '"$0" --input-type=module -e "$1" 2>&1 | cat', process.execPath, text], { stdio: ['ignore', 'pipe', 'ignore'] })
  return (await child.stdout.setEncoding('utf8').toArray()).join('')
}

// Linux shows the flags of what a descriptor leads to, O_NONBLOCK (04000) among them.
test.skipIf(process.platform !== 'linux')('the pipe waits for its reader as before: it is that of other programs too', async () => {
  // Node takes its stderr whenever a socket is closed.
  const program = `said.err('a\\n')
    await setImmediate()
    new Socket().destroy()
    const flags = /^flags:\\s*(\\d+)/m.exec(readFileSync('/proc/self/fdinfo/2', 'utf8'))[1]
    said.out(String(Number.parseInt(flags, 8) & 0o4000))`
  expect(await allOf(program)).toBe('a\n0')
})

test('what is said on both comes in the order in which it was said, the last word too', async () => {
  const program = `const turns = Array.from({ length: 200 }, (_, index) => index)
    for (const index of turns) {
      const say = index % 2 === 0 ? said.out : said.err
      say(index + ' ')
      if (index % 10 === 0) await setImmediate()
    }
    said.end()`
  expect(await allOf(program)).toBe(Array.from({ length: 200 }, (_, index) => `${index} `).join(''))
})

test.skipIf(process.platform !== 'linux')('a reader who does not read keeps nobody from ending the process at once', async () => {
  const text = `import { processOutputs } from '${outputsUrl}'
    import { shareOutputs } from '${sharedUrl}'
    shareOutputs(process.platform, process)
    const said = processOutputs()
    said.out('x'.repeat(300_000))
    setImmediate(() => setImmediate(() => process.exit(3)))`
  const script = '{ "$0" --input-type=module -e "$1"; echo "code $?" >&2; } | exec sleep 30'
  const child = spawn('sh', ['-c', script, process.execPath, text], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  try {
    const [said] = (await once(child.stderr, 'data')) as [Buffer]
    expect(said.toString()).toBe('code 3\n')
  } finally {
    process.kill(-(child.pid ?? 0))
  }
})
