/** Hands a URL to the browser of whoever sits at this machine. */

type Variables = Readonly<Record<string, string | undefined>>

/** Resolves to whether a program took it, which may be long after: nothing should wait for a browser. */
export async function openUrl(url: string, env: Variables): Promise<boolean> {
  for (const command of openers(url, env, process.platform)) if (await wasTaken(command)) return true
  return false
}

/**
 * The commands to try, the first one first: those of BROWSER, which are many with `:`
 * between and may hold `%s` for the address (xdg-open(1) and Python's webbrowser read it
 * so), else the machine's own.
 */
export function openers(url: string, env: Variables, platform: string): readonly (readonly string[])[] {
  const own = env['BROWSER'] ?? ''
  if (own !== '') {
    // On Windows a path holds colons itself.
    const commands = own.split(platform === 'win32' ? ';' : ':').filter((command) => command.trim() !== '')
    return commands.map((command) => {
      const words = command.trim().split(/\s+/)
      return words.some((word) => word.includes('%s')) ? words.map((word) => word.replaceAll('%s', () => url)) : [...words, url]
    })
  }
  if (platform === 'darwin') return [['open', url]]
  // `start` is a word of cmd.exe, which would read "&" in a URL.
  return platform === 'win32' ? [['rundll32', 'url.dll,FileProtocolHandler', url]] : [['xdg-open', url]]
}

async function wasTaken([file = '', ...args]: readonly string[]): Promise<boolean> {
  // Read when somebody presses the key: it takes each start 2 ms.
  const { spawn } = await import('node:child_process')
  const { promise, resolve } = Promise.withResolvers<boolean>()
  // Away from a desktop xdg-open may take the terminal for a browser of its own: it gets none.
  const child = spawn(file, args, { stdio: 'ignore', detached: true })
  child.on('error', () => resolve(false))
  child.on('exit', (code) => resolve(code === 0))
  child.unref()
  return promise
}
