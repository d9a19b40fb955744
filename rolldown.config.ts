/** One ESM tree, split by verb: a verb's code is read only when the verb runs. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { defineConfig, type Plugin } from 'rolldown'

const ws = dirname(createRequire(import.meta.url).resolve('ws'))

/** Of `ws` the reader of frames alone is used: its client and its server, and all that they load, stay out. */
const onlyReceiver: Plugin = {
  name: 'only-receiver',
  resolveId: (id) => (id === 'ws' ? '\0ws-receiver' : undefined),
  load: (id) => (id === '\0ws-receiver' ? `export { default as Receiver } from ${JSON.stringify(join(ws, 'lib/receiver.js'))}` : undefined),
}

export default defineConfig({
  input: { kpf: 'src/main.ts', index: 'src/index.ts' },
  platform: 'node',
  plugins: [onlyReceiver],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Half the bytes to read at each start; names stay, for the stack of a report.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    cleanDir: true,
  },
})
