/** One ESM tree, split by verb: a verb's code is read only when the verb runs. */
import { defineConfig } from 'rolldown'

export default defineConfig({
  input: { kpf: 'src/main.ts', index: 'src/index.ts' },
  platform: 'node',
  output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', minify: false, cleanDir: true },
})
