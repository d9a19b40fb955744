/** Hands a URL to the browser of whoever sits at this machine. */
import { spawn } from 'node:child_process'

/** Resolves to whether a program took it, which may be long after: nothing should wait for a browser. */
export function openUrl(url: string): Promise<boolean> {
  const [file, ...args] = openers[process.platform] ?? ['xdg-open']
  const { promise, resolve } = Promise.withResolvers<boolean>()
  // Away from a desktop xdg-open may take the terminal for a browser of its own: it gets none.
  const child = spawn(file, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => resolve(false))
  child.on('exit', (code) => resolve(code === 0))
  child.unref()
  return promise
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  // `start` is a word of cmd.exe, which would read "&" in a URL.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}
