/**
 * All the text that makes a project: the file, and the files of variables around it.
 *
 * Pure: a generator that asks for files by path and is handed what was read. So one walk
 * serves the disk, a snapshot of it, and a test; and what was asked for is what has to be
 * watched.
 */
import { basename, dirname, join, relative, resolve as absolutePath } from 'node:path'
import type { FileRead } from '../system/files.ts'
import { approvalFix } from './approval.ts'
import { type Located, placeOf, problemAt, Source, type Step, type Wording } from './document.ts'
import { readEnvFile } from './env-file.ts'
import { type Include, includesOf, inherited, pathsOf } from './include.ts'
import { limits } from './limits.ts'
import { merged } from './merge.ts'
import { isOutside } from './outside.ts'
import { parseSource } from './parse.ts'
import { type Plain, plainOr } from './plain.ts'
import { printable } from './printable.ts'
import type { Problem } from './problems.ts'
import { textOf } from './text-of.ts'
import { fill, type Variable, type VariableLayer, varsOf } from './variables.ts'
import { withAbsolutePaths } from './own-paths.ts'

/** A file that was named, or found. */
export interface RootFile {
  /** `-` is standard input. */
  readonly path: string
  readonly shownAs: string
}

/** What a walk begins with. */
export interface GatherOptions {
  /** Merged from left to right. */
  readonly roots: readonly RootFile[]
  /** Whether a `forwards.override.yaml` beside the file counts: not when one was named. */
  readonly looksForOverride: boolean
  /** Where the person stands: the base of standard input, and of paths of flags. */
  readonly cwd: string
  /** What belongs to the project: a file outside of it is asked about. */
  readonly root: string
  /** Whether files outside of it were approved: until then nothing of what is in them is used, or told. */
  readonly usesOutside: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Of `--env-file`. */
  readonly envFiles: readonly string[]
}

/** Asks for a file by its path. */
export type Asking<T> = Generator<string, T, FileRead>

/** Files that are one: forwards that share a top level. */
export interface Unit {
  readonly located: Located
  /** Mistakes in values, each with its path: those of a forward that nobody starts do not count. */
  readonly mistakes: readonly { readonly path: readonly Step[]; readonly problem: Problem }[]
  /** Paths that hold variables. */
  readonly filled: readonly (readonly Step[])[]
  /** The top level of the file that includes this one, with all that it has from its own. */
  readonly outer: Plain
  /** What stands before the names of its forwards. */
  readonly prefix: string
  /** Lists of profiles: of each one has to be on. */
  readonly profiles: readonly (readonly unknown[])[]
}

/** What a walk has found. */
export interface Gathered {
  readonly units: readonly Unit[]
  readonly problems: readonly Problem[]
  readonly variables: readonly Variable[]
  /** Files that are not of the project. */
  readonly outside: readonly string[]
  /** What variables with the names of secrets hold. */
  readonly secrets: ReadonlyMap<string, string>
}

/** Walks. */
export function gather(options: GatherOptions): Asking<Gathered> {
  return new Gathering(options).run()
}

/** How a file came to be read. */
interface Way {
  /** The files from the first to this one, by path and as they are called. */
  readonly chain: readonly RootFile[]
  readonly layers: readonly VariableLayer[]
  readonly outer: Plain
  readonly prefix: string
  readonly profiles: readonly (readonly unknown[])[]
}

class Gathering {
  readonly #options: GatherOptions
  readonly #units: Unit[] = []
  readonly #problems: Problem[] = []
  readonly #variables = new Map<string, Variable>()
  readonly #outside = new Set<string>()
  readonly #secrets = new Map<string, string>()
  #files = 0
  #bytes = 0
  /** How far the real place of the project is from where it was found, for links. */
  #realRoot: string | undefined

  constructor(options: GatherOptions) {
    this.#options = options
  }

  *run(): Asking<Gathered> {
    const { env, envFiles, cwd } = this.#options
    const layers: VariableLayer[] = [{ from: 'environment', get: (name) => env[name] }]
    for (const path of envFiles.toReversed()) {
      const layer = yield* this.#envFile({ path: absolutePath(cwd, path), shownAs: path })
      if (layer) layers.push(layer)
      else this.#problems.push({ file: path, line: 1, column: 1, code: 'KPF_FILE_MISSING', message: 'no such file', fix: 'name another with --env-file' })
    }
    const roots = yield* this.#roots()
    yield* this.#unit(roots, { chain: roots.slice(0, 1), layers, outer: {}, prefix: '', profiles: [] })
    return { units: this.#units, problems: this.#problems, variables: [...this.#variables.values()], outside: [...this.#outside], secrets: this.#secrets }
  }

  /** The files that were named, or the one that was found and what overrides it. */
  *#roots(): Asking<readonly RootFile[]> {
    const { roots, looksForOverride, cwd } = this.#options
    const [found] = roots
    if (found === undefined || !looksForOverride || !/^forwards\.ya?ml$/.test(basename(found.path))) return roots
    for (const name of ['forwards.override.yaml', 'forwards.override.yml']) {
      const path = join(dirname(absolutePath(cwd, found.path)), name)
      if ((yield path).kind !== 'missing') return [...roots, { path, shownAs: beside(found.shownAs, name) }]
    }
    return roots
  }

  *#file(file: RootFile): Asking<Located | undefined> {
    const read = yield file.path
    this.#files++
    if (read.kind === 'read') this.#bytes += read.bytes.length
    this.#realRoot ??= this.#rootOf(file, read)
    const source = textOf(file.shownAs, read, this.#directoryOf(file))
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

  #rootOf(file: RootFile, read: FileRead): string | undefined {
    if (read.kind !== 'read' || read.realPath === undefined) return undefined
    return absolutePath(dirname(read.realPath), relative(this.#directoryOf(file), this.#options.root))
  }

  *#unit(files: readonly RootFile[], way: Way): Asking<void> {
    const read: Located[] = []
    for (const file of files) {
      const located = yield* this.#file(file)
      if (located) read.push(located)
    }
    const [first, ...rest] = read
    if (first === undefined) return
    const layers = [...way.layers]
    // Where the files of variables are may itself be in a variable, but not in one of those files.
    const named = read.map((located) => this.#fill(located, layers, (path) => path[0] === 'envFile'))
    for (const { located } of named.toReversed()) layers.push(...(yield* this.#envFiles(located, pathsOf(plainOr(located.value)['envFile'], ['envFile']))))
    if (way.chain.length === 1) layers.push(...(yield* this.#dotEnv(first.source)))
    const inner = named.map(({ located }) => this.#fill(located, layers, (path) => path[0] === 'vars'))
    layers.push(...inner.map(({ located }) => varsOf(located)).toReversed())
    const [base, ...over] = inner.map(({ located }) => this.#fill(located, layers, () => true))
    if (base === undefined) return
    const located = withAbsolutePaths(merged([base.located, ...over.map((file) => file.located)]))
    // A value that a later file replaces may be as wrong as it likes.
    const mistakes = [...named, ...inner, base, ...over]
      .flatMap((file) => file.mistakes)
      .filter(({ path, problem }) => placeOf(located, path).source.file === problem.file)
    const filled = [first, ...rest].flatMap(({ templates }) => templates)
    this.#units.push({ located, mistakes, filled, outer: way.outer, prefix: way.prefix, profiles: way.profiles })
    for (const include of includesOf(located)) yield* this.#include(located, include, { ...way, layers })
  }

  *#include(located: Located, include: Include, way: Way): Asking<void> {
    const { source } = placeOf(located, include.at)
    const file = { path: absolutePath(source.directory, include.path), shownAs: shownFrom(source, include.path) }
    const wrong = this.#cannotInclude(include, file, way)
    if (wrong) return this.#tell(located, include.at, wrong)
    const chain = [...way.chain, file]
    const read = yield file.path
    if (read.kind !== 'read') {
      const message = read.kind === 'missing' ? `the file "${printable(include.path)}" does not exist` : `"${printable(include.path)}" cannot be read`
      return this.#tell(located, include.at, { code: 'KPF_INCLUDE', message: `${message} (${chainText(chain)})`, fix: 'correct the path, or remove it' })
    }
    if (!this.#mayUse(located, include.at, { file, read })) return
    const own = yield* this.#envFiles(located, include.envFiles)
    yield* this.#unit([file], {
      chain,
      layers: [...way.layers, ...own],
      outer: inherited(plainOr(located.value), way.outer),
      prefix: include.prefix === undefined ? way.prefix : `${way.prefix}${include.prefix}-`,
      profiles: [...way.profiles, include.profiles],
    })
  }

  #cannotInclude({ path }: Include, file: RootFile, { chain }: Way): Wording | undefined {
    const shown = printable(path)
    const wrong = (message: string, fix: string): Wording => ({ code: 'KPF_INCLUDE', message, fix })
    if (/^[a-z][a-z0-9+.-]*:\/\/|^git@/i.test(path)) return wrong(`"${shown}" is a URL: only files can be included`, 'check the file out, and name its path')
    if (chain.some((other) => absolutePath(this.#options.cwd, other.path) === file.path))
      return wrong(`the file includes itself (${chainText([...chain, file])})`, 'remove one of the includes')
    if (chain.length > limits.includeDepth)
      return wrong(`files include each other more than ${limits.includeDepth} deep (${chainText([...chain, file])})`, 'include it further up')
    if (this.#files >= limits.files) return wrong(`more than ${limits.files} files belong to the project`, 'include fewer')
    return this.#bytes > limits.allBytes ? wrong('the files of the project are larger than 4 MiB together', 'include fewer') : undefined
  }

  /** Files of a project are inside of it: one that is not is somebody else's. */
  #mayUse(located: Located, path: readonly Step[], { file, read }: { file: RootFile; read: FileRead }): boolean {
    const real = read.kind === 'read' && this.#realRoot !== undefined ? read.realPath : undefined
    if (!isOutside(this.#options.root, file.path) && (real === undefined || !isOutside(this.#realRoot ?? '/', real))) return true
    this.#outside.add(real ?? file.path)
    const message = `the file "${printable(file.shownAs)}" is outside of the project: using it needs approval`
    this.#problems.push({
      ...problemAt(located, path, {}, { code: 'KPF_APPROVAL', message, fix: approvalFix('keep it inside of the project') }),
      kind: 'approval',
    })
    return this.#options.usesOutside
  }

  #fill(located: Located, layers: readonly VariableLayer[], isMeant: (path: readonly Step[]) => boolean): ReturnType<typeof fill> {
    const filled = fill(located, layers, isMeant)
    for (const variable of filled.variables) if (!this.#variables.has(variable.name)) this.#variables.set(variable.name, variable)
    for (const [name, value] of filled.secrets) this.#secrets.set(name, value)
    return filled
  }

  /** Files of variables that a file names; of two that have a name the later one counts. */
  *#envFiles(located: Located, named: readonly (readonly [string, readonly Step[]])[]): Asking<readonly VariableLayer[]> {
    const layers: VariableLayer[] = []
    for (const [entry, path] of named.slice(0, limits.variableFiles)) {
      const { source } = placeOf(located, path)
      const file = { path: absolutePath(source.directory, entry), shownAs: shownFrom(source, entry) }
      if (!this.#mayUse(located, path, { file, read: yield file.path })) continue
      const layer = yield* this.#envFile(file)
      if (layer) layers.unshift(layer)
      else
        this.#tell(located, path, {
          code: 'KPF_ENV_FILE',
          message: `the file of variables "${printable(entry)}" does not exist`,
          fix: 'write it, or remove the entry',
        })
    }
    return layers
  }

  #tell(located: Located, path: readonly Step[], wording: Wording): void {
    this.#problems.push(problemAt(located, path, {}, wording))
  }

  *#dotEnv(source: Source): Asking<readonly VariableLayer[]> {
    const layer = yield* this.#envFile({ path: join(source.directory, '.env'), shownAs: beside(source.file, '.env') })
    return layer ? [layer] : []
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

/** A path of a file as people would write it who stand where they named that file from. */
function shownFrom(source: Source, path: string): string {
  return path.startsWith('/') ? path : beside(source.file, path)
}

function beside(shown: string, name: string): string {
  const at = shown.lastIndexOf('/')
  return at === -1 ? name : join(shown.slice(0, at + 1), name)
}

function chainText(chain: readonly RootFile[]): string {
  return chain.map(({ shownAs }) => printable(shownAs)).join(' -> ')
}
