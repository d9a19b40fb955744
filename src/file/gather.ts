/**
 * All the text that makes a project: the file, and the files of variables around it.
 *
 * Pure: a generator that asks for files by path and is handed what was read. So one walk
 * serves the disk, a snapshot of it, and a test; and what was asked for is what has to be
 * watched.
 */
import { dirname, join, resolve as absolutePath } from 'node:path'
import type { FileRead } from '../system/files.ts'
import { type Located, placeOf, problemAt, Source, type Step } from './document.ts'
import { readEnvFile } from './env-file.ts'
import { limits } from './limits.ts'
import { parseSource } from './parse.ts'
import { copied, plainOr, setAt, valueAt } from './plain.ts'
import { printable } from './printable.ts'
import type { Problem } from './problems.ts'
import { textOf } from './text-of.ts'
import { fill, type Variable, type VariableLayer } from './variables.ts'

/** A file that was named, or found. */
export interface RootFile {
  /** `-` is standard input. */
  readonly path: string
  readonly shownAs: string
}

/** What a walk begins with. */
export interface GatherOptions {
  readonly roots: readonly RootFile[]
  /** Where the person stands: the base of standard input, and of paths of flags. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Of `--env-file`. */
  readonly envFiles: readonly string[]
}

/** Asks for a file by its path. */
export type Asking<T> = Generator<string, T, FileRead>

/** One file with what belongs to it: forwards that share a top level. */
export interface Unit {
  readonly located: Located
  /** Mistakes in values, each with its path: those of a forward that nobody starts do not count. */
  readonly mistakes: readonly { readonly path: readonly Step[]; readonly problem: Problem }[]
  /** Paths that hold variables. */
  readonly filled: readonly (readonly Step[])[]
}

/** What a walk has found. */
export interface Gathered {
  readonly units: readonly Unit[]
  readonly problems: readonly Problem[]
  readonly variables: readonly Variable[]
}

/** Walks. */
export function gather(options: GatherOptions): Asking<Gathered> {
  return new Gathering(options).run()
}

class Gathering {
  readonly #options: GatherOptions
  readonly #units: Unit[] = []
  readonly #problems: Problem[] = []
  readonly #variables = new Map<string, Variable>()

  constructor(options: GatherOptions) {
    this.#options = options
  }

  *run(): Asking<Gathered> {
    const { roots, env, envFiles, cwd } = this.#options
    const layers: VariableLayer[] = [{ from: 'environment', get: (name) => env[name] }]
    for (const path of envFiles.toReversed()) {
      const layer = yield* this.#envFile({ path: absolutePath(cwd, path), shownAs: path })
      if (layer) layers.push(layer)
      else this.#problems.push({ file: path, line: 1, column: 1, code: 'KPF_FILE_MISSING', message: 'no such file', fix: 'name another with --env-file' })
    }
    for (const root of roots) {
      const located = yield* this.#file(root)
      if (located) yield* this.#unit(located, layers)
    }
    return { units: this.#units, problems: this.#problems, variables: [...this.#variables.values()] }
  }

  *#file(file: RootFile): Asking<Located | undefined> {
    const source = textOf(file.shownAs, yield file.path, this.#directoryOf(file))
    if (!(source instanceof Source)) {
      this.#problems.push(source)
      return undefined
    }
    const located = parseSource(source)
    if ('places' in located) return located
    this.#problems.push(...located)
    return undefined
  }

  #directoryOf({ path }: RootFile): string {
    return path === '-' ? this.#options.cwd : dirname(absolutePath(this.#options.cwd, path))
  }

  *#unit(read: Located, outer: readonly VariableLayer[]): Asking<void> {
    const layers = [...outer]
    // Where the files of variables are may itself be in a variable, but not in one of those files.
    const first = this.#fill(read, layers, (path) => path[0] === 'envFile')
    layers.push(...(yield* this.#envFiles(first.located)))
    const dotEnv = yield* this.#dotEnv(read.source)
    if (dotEnv) layers.push(dotEnv)
    const second = this.#fill(first.located, layers, (path) => path[0] === 'vars')
    layers.push(varsOf(second.located))
    const third = this.#fill(second.located, layers, () => true)
    const mistakes = [...first.mistakes, ...second.mistakes, ...third.mistakes]
    this.#units.push({ located: withAbsolutePaths(third.located), mistakes, filled: read.templates })
  }

  #fill(located: Located, layers: readonly VariableLayer[], isMeant: (path: readonly Step[]) => boolean): ReturnType<typeof fill> {
    const filled = fill(located, layers, isMeant)
    for (const variable of filled.variables) if (!this.#variables.has(variable.name)) this.#variables.set(variable.name, variable)
    return filled
  }

  /** `envFile: .env.dev`, or a list of them; of two that have a name the later one counts. */
  *#envFiles(located: Located): Asking<readonly VariableLayer[]> {
    const { envFile } = plainOr(located.value)
    const layers: VariableLayer[] = []
    const entries: readonly (readonly [unknown, readonly Step[]])[] = Array.isArray(envFile)
      ? envFile.slice(0, limits.variableFiles).map((entry: unknown, index) => [entry, ['envFile', index]])
      : [[envFile, ['envFile']]]
    for (const [entry, path] of entries) {
      // Anything else is told by its shape, and a template that failed by itself.
      if (typeof entry !== 'string' || entry === '' || entry.includes('\0')) continue
      const { source } = placeOf(located, path)
      const layer = yield* this.#envFile({ path: absolutePath(source.directory, entry), shownAs: shownFrom(source, entry) })
      if (layer) layers.unshift(layer)
      else this.#tell(located, path, `the file of variables "${printable(entry)}" does not exist`, 'write it, or remove the entry')
    }
    return layers
  }

  #tell(located: Located, path: readonly Step[], message: string, fix: string): void {
    this.#problems.push(problemAt(located, path, {}, { code: 'KPF_ENV_FILE', message, fix }))
  }

  *#dotEnv(source: Source): Asking<VariableLayer | undefined> {
    return yield* this.#envFile({ path: join(source.directory, '.env'), shownAs: shownFrom(source, '.env') })
  }

  /** A file of variables; undefined when there is none. */
  *#envFile(file: RootFile): Asking<VariableLayer | undefined> {
    const read = yield file.path
    if (read.kind === 'missing') return undefined
    const source = textOf(file.shownAs, read)
    if (!(source instanceof Source)) {
      this.#problems.push(source)
      return { from: file.shownAs, get: () => undefined }
    }
    const { values, problems } = readEnvFile(source)
    this.#problems.push(...problems)
    return { from: file.shownAs, get: (name) => values.get(name) }
  }
}

/** Kubeconfigs are named from the file that they stand in. */
function withAbsolutePaths(located: Located): Located {
  const top = plainOr(located.value)
  const holders: readonly (readonly Step[])[] = [
    [],
    ['defaults'],
    ...Object.keys(plainOr(top['clusters'])).map((name) => ['clusters', name]),
    ...Object.keys(plainOr(top['forwards'])).map((name) => ['forwards', name]),
  ]
  const paths = holders.map((path) => [...path, 'kubeconfig']).filter((path) => typeof valueAt(top, path) === 'string')
  if (paths.length === 0) return located
  const value = copied(located.value)
  for (const path of paths) setAt(value, path, absolutePath(placeOf(located, path).source.directory, String(valueAt(top, path))))
  return { ...located, value }
}

/** `vars` of the file: texts, numbers and truth values. */
function varsOf(located: Located): VariableLayer {
  const vars = plainOr(plainOr(located.value)['vars'])
  return {
    from: `vars of ${located.source.file}`,
    get: (name) => {
      const value = Object.hasOwn(vars, name) ? vars[name] : undefined
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined
    },
  }
}

/** A path of a file as people would write it who stand where they named that file from. */
export function shownFrom(source: Source, path: string): string {
  const at = source.file.lastIndexOf('/')
  return at === -1 || path.startsWith('/') ? path : `${source.file.slice(0, at + 1)}${path}`
}
