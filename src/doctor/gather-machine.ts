/** Asks the machine what it offers to the forwards. Judges nothing. */
import type { Forward } from '../file/forward.ts'
import type { Files } from '../system/files.ts'
import type { MachineFacts, PortFacts } from './facts.ts'

/** The machine, as the gathering sees it. */
export interface Machine {
  readonly files: Files
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** The errno, or undefined when the endpoint can be bound. */
  readonly probePort: (endpoint: { readonly address: string; readonly port: number }) => Promise<string | undefined>
  /** Whether the project of these forwards runs, and has the endpoint itself. */
  readonly isOurs?: (endpoint: { readonly address: string; readonly port: number }, holder: PortFacts['holder']) => boolean
  /** The process that runs the project, when it has not answered. */
  readonly silentPid?: number
  readonly findHolder: (endpoint: { readonly address: string; readonly port: number }) => Promise<PortFacts['holder']>
  readonly descriptorLimit: () => number | string | undefined
  readonly programsNamed: (name: string, path: string) => Promise<readonly string[]>
  readonly ownProgram: () => Promise<string>
}

/** The part of it that ports need. */
export type PortMachine = Pick<Machine, 'probePort' | 'findHolder' | 'isOurs'>

const MAX_BYTES = 1024 * 1024
const INOTIFY = ['max_user_watches', 'max_user_instances']
/** Start files of bash, zsh and fish, below the home directory. */
const START_FILES = ['.bashrc', '.bash_profile', '.bash_aliases', '.profile', '.zshrc', '.zshenv', '.zprofile', '.config/fish/config.fish']

/** Everything about the machine. */
export async function gatherMachine(forwards: readonly Forward[], machine: Machine): Promise<MachineFacts> {
  const { env, probePort, descriptorLimit, programsNamed, ownProgram, silentPid } = machine
  const [ports, v6, inotify, programs, self, aliases] = await Promise.all([
    gatherPorts(forwards, machine),
    probePort({ address: '::1', port: 0 }),
    Promise.all(INOTIFY.map(async (name) => [name, await numberIn(`/proc/sys/fs/inotify/${name}`, machine)] as const)),
    programsNamed('kpf', env['PATH'] ?? ''),
    ownProgram(),
    Promise.all(START_FILES.map((name) => aliasesIn(name, machine))),
  ])
  return {
    ports,
    ...(silentPid !== undefined && { silentPid }),
    descriptors: descriptorLimit(),
    hasIpv6Loopback: v6 === undefined,
    inotify: Object.fromEntries(inotify.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    programs,
    self,
    aliases: aliases.flat(),
  }
}

/** The local endpoints that the forwards want, all asked for at once. */
export async function gatherPorts(forwards: readonly Forward[], machine: PortMachine): Promise<readonly PortFacts[]> {
  return Promise.all(forwards.flatMap((forward) => portsOf(forward, machine)))
}

function portsOf({ name, ports, position }: Forward, { probePort, findHolder, isOurs }: PortMachine): readonly Promise<PortFacts>[] {
  return ports.flatMap(({ localPort, addresses }, index) =>
    // Any free port, and an address of one's own, are always there.
    localPort === 0 || addresses.some(({ address }) => address === 'auto')
      ? []
      : addresses.map(async ({ address, ifPresent }) => {
          const endpoint = { address, port: localPort }
          const errno = await probePort(endpoint)
          const holder = errno === 'EADDRINUSE' ? await findHolder(endpoint) : undefined
          const isOwn = errno === 'EADDRINUSE' && isOurs?.(endpoint, holder) === true
          return {
            forward: name,
            index,
            ...(isOwn && { isOurs: true }),
            ...(position.line > 0 && { place: `${position.file}:${position.line}` }),
            address,
            port: localPort,
            ifPresent,
            ...(errno !== undefined && { errno }),
            ...(holder && { holder }),
          }
        }),
  )
}

async function numberIn(path: string, { files }: Machine): Promise<number | undefined> {
  const value = Number.parseInt((await textOf(path, files)) ?? '', 10)
  return Number.isFinite(value) ? value : undefined
}

async function aliasesIn(name: string, { files, home }: Machine): Promise<MachineFacts['aliases']> {
  const text = (await textOf(`${home}/${name}`, files)) ?? ''
  const file = `~/${name}`
  if (/^\s*alias\s+(-g\s+)?kpf[=\s]/m.test(text)) return [{ file, kind: 'alias' }]
  // Source: ohmyzsh/ohmyzsh, plugins/kubectl.
  return name === '.zshrc' && /^\s*plugins=\([^)]*\bkubectl\b/m.test(text) ? [{ file, kind: 'plugin' }] : []
}

async function textOf(path: string, files: Files): Promise<string | undefined> {
  const read = await files.read(path, MAX_BYTES)
  return read.kind === 'read' ? Buffer.from(read.bytes).toString('utf8') : undefined
}
