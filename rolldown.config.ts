/** One ESM tree, split by verb: a verb's code is read only when the verb runs. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { defineConfig, type Plugin } from 'rolldown'

const ws = dirname(createRequire(import.meta.url).resolve('ws'))

const standIns: Readonly<Record<string, string>> = {
  '\0ws-receiver': `export { default as Receiver } from ${JSON.stringify(join(ws, 'lib/receiver.js'))}`,
  // kpf offers no compression, so the reader asks this for its name alone; the whole of it loads zlib.
  '\0ws-no-deflate': "export const extensionName = 'permessage-deflate'",
}

/** Of `ws` the reader of frames alone is used: its client and its server, and all that they load, stay out. */
const onlyReceiver: Plugin = {
  name: 'only-receiver',
  resolveId(id) {
    if (id === 'ws') return '\0ws-receiver'
    return id === './permessage-deflate' ? '\0ws-no-deflate' : undefined
  },
  load: (id) => standIns[id],
}

const imported = /^import\s*(?:(?:\*\s*as\s+)?(?<whole>[\w$]+)\s*,?\s*)?(?:\{(?<names>[^}]*)\}\s*)?from\s*"(?<module>node:[\w/]+)";?/gm

/**
 * Node's own modules, taken as they are instead of imported.
 *
 * Node makes a module of each one that is imported, and to know its names it asks for all
 * that the built-in has: of `node:http` that is a whole other client. Together some
 * 10 ms of each start.
 */
const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  renderChunk(code, { isEntry }) {
    // What it takes by itself, later, is written so too.
    const own = isEntry ? code.replaceAll('process.getBuiltinModule(', 'process.getBuiltinModule?.(') : code
    return own.replaceAll(imported, (_, whole: string | undefined, names: string | undefined, module: string) => {
      // An old Node.js has no such function, and must live to be told that it is too old.
      const taken = isEntry ? `(process.getBuiltinModule?.("${module}") ?? {})` : `process.getBuiltinModule("${module}")`
      const parts = names === undefined ? '' : `const {${names.replaceAll(/\s+as\s+/g, ': ')}} = ${taken};`
      return whole === undefined ? parts : `const ${whole} = ${taken};${parts}`
    })
  },
}

/**
 * Characters beyond ASCII as escapes: one of them makes V8 keep the whole text in two bytes
 * a character, and reading 700 kB of it takes 2 ms longer.
 */
const oneByteEach: Plugin = {
  name: 'one-byte-each',
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle))
      if (part.type === 'chunk')
        part.code = part.code.replaceAll(/[\u0080-\ud7ff\ue000-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
  },
}

/** `export{t as start}from"./start-1a2b.js";`, and nothing else. */
const facade = /^export\s*\{([^}]*)\}\s*from\s*["'`]\.\/([^"'`]+)["'`];?\s*$/

/**
 * A module that others share a file with, and that is imported when it is needed, has a
 * file of its own that only passes its names on. Each costs half a millisecond to find and
 * link: whoever imports it is led to the real one.
 */
const noFacades: Plugin = {
  name: 'no-facades',
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((part) => part.type === 'chunk')
    for (const chunk of chunks) {
      const [, names = '', target] = facade.exec(chunk.code) ?? []
      if (target === undefined || chunk.isEntry) continue
      const given = names.split(',').map((name) => name.trim().split(/\s+as\s+/))
      const taken = given.map(([inside, outside = inside]) => `${outside}:all.${inside}`).join(',')
      const own = chunk.fileName.split('/').at(-1) ?? ''
      const importing = new RegExp(`import\\(\\s*(["'\`])(\\.\\/(?:chunks\\/)?)${own.replaceAll('.', '\\.')}\\1\\s*\\)`, 'g')
      for (const other of chunks)
        other.code = other.code.replaceAll(
          importing,
          (_whole, quote: string, path: string) => `import(${quote}${path}${target}${quote}).then(all=>({${taken}}))`,
        )
      delete bundle[chunk.fileName]
    }
  },
}

/** The parts that are compiled whole: what each start reads, what asks a supervisor, what runs forwards. */
const WHOLE = ['start', 'asking', 'core']

/** Put into each file that reads one of them later. */
const READ_WHOLE = 'const $whole=load=>(process.emit("kpf-compiling"),load().finally(()=>process.emit("kpf-compiled")));'

/**
 * Tells src/system/compiled.ts when such a part is about to be read, and when it is.
 *
 * A part that needs one of them is read with it, so it is told of that one too: code in the
 * cache fits one setting, and would be thrown away whenever it is read with the other. All
 * of them are compiled before the first one runs, which says so before it takes its first
 * built-in.
 */
const compiledWhole: Plugin = {
  name: 'compiled-whole',
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((part) => part.type === 'chunk')
    const needs = (fileName: string, seen = new Set<string>()): ReadonlySet<string> => {
      const chunk = chunks.find((one) => one.fileName === fileName)
      if (chunk === undefined || seen.has(chunk.name)) return seen
      seen.add(chunk.name)
      for (const next of chunk.imports) needs(next, seen)
      return seen
    }
    const whole = new Set(
      chunks.filter(({ fileName, isEntry }) => !isEntry && [...needs(fileName)].some((name) => WHOLE.includes(name))).map(({ fileName }) => fileName),
    )
    for (const chunk of chunks) {
      let wraps = 0
      chunk.code = chunk.code.replaceAll(/import\((["'`])\.\/((?:chunks\/)?)([^"'`]+)\1\)/g, (text, _quote, _folder, file: string) => {
        if (!whole.has(`chunks/${file}`)) return text
        wraps++
        return `$whole(()=>${text})`
      })
      const own = `${whole.has(chunk.fileName) ? 'process.emit("kpf-compiled");' : ''}${wraps > 0 ? READ_WHOLE : ''}`
      // A first line that names the interpreter stays the first.
      chunk.code = chunk.code.replace(/^(#!.*\n)?/, (line) => `${line}${own}`)
    }
  },
}

/** The modules that are read together with one of the project's own, itself too. */
function readWith(...entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (path: string): void => {
    if (found.has(path)) return
    found.add(path)
    const statements = readFileSync(path, 'utf8').matchAll(/^(?:import|export)\s+(?!type\b)[^'";]*?from\s+'(\.[^']+)'/gm)
    for (const [, specifier = ''] of statements) visit(resolve(dirname(path), specifier))
  }
  for (const entry of entries) visit(join(import.meta.dirname, 'src', entry))
  return found
}

/** The start, for every verb, and the verbs that only ask a supervisor. */
const start = readWith('cli/start.ts', 'system/terminal.ts', 'system/shared-output.ts')
/** What the other verbs need that only ask a supervisor; a run needs most of it too. */
const asking = readWith(...['down', 'events', 'logs', 'open', 'start-stop', 'wait', 'watch-status'].map((verb) => `cli/ask/${verb}.ts`))
/** What is loaded whenever forwards run, and the packages that it needs. */
const core = readWith('cli/up/up.ts', 'cli/up/up-run.ts', 'system/watching.ts')
const packages = /\/node_modules\/(yaml|zod|ws)\/|config_types|ws-receiver|ws-no-deflate/
/** Of them what makes a JSON Schema: it goes with the verb that prints one. */
const printed = /\/zod\/v4\/core\/(to-)?json-schema/

export default defineConfig({
  input: { kpf: 'src/main.ts', index: 'src/index.ts' },
  platform: 'node',
  // Its other form needs a chunk that makes modules of CommonJS, read by each start.
  resolve: { alias: { 'fastest-levenshtein': 'fastest-levenshtein/esm/mod.js' } },
  plugins: [onlyReceiver, plainBuiltins, noFacades, compiledWhole, oneByteEach],
  preserveEntrySignatures: 'allow-extension',
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Half the bytes to read at each start; names stay, for the stack of a report.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    // A module costs half a millisecond to find and link, however small: what is read together is one.
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        {
          name: 'start',
          test: (id) => start.has(id) || id.includes('/fastest-levenshtein/') || id.includes('/@noble/'),
          priority: 4,
        },
        { name: 'asking', test: (id) => asking.has(id), priority: 3 },
        { name: 'core', test: (id) => core.has(id) || (packages.test(id) && !printed.test(id)), priority: 1 },
      ],
    },
    cleanDir: true,
  },
})
