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

const always = /\/src\/(file|supervisor|tunnel|cluster)\/|\/node_modules\/(yaml|zod|ws)\/|ws-receiver/
/** Of those folders: what is read when it is needed, and what verbs need that run no forward. */
const apart = /\/(exec-plugin|oidc-issuer|proxy-connect|json-schema|file-doc|printable|nearest|kube-object|kubeconfig|yaml-values|escape)\.ts$/

/** What is loaded whenever forwards run. */
function isCore(id: string): boolean {
  return always.test(id) && !apart.test(id)
}
/** What `kpf ps` and `kpf port` read. */
const client =
  /src\/(cli\/(reach|place|asking|ps|port|find-file)|control\/(client|identity|shapes)|output\/(ps-table|words)|system\/(owner-lock|processes|files|built-in|clock|user-folders))\.ts$/

export default defineConfig({
  input: { kpf: 'src/main.ts', index: 'src/index.ts' },
  platform: 'node',
  plugins: [onlyReceiver],
  preserveEntrySignatures: 'allow-extension',
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Half the bytes to read at each start; names stay, for the stack of a report.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    // A module costs half a millisecond to find and link, however small: what every run of forwards needs is one.
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { name: 'client', test: client, priority: 1 },
        { name: 'core', test: isCore },
      ],
    },
    cleanDir: true,
  },
})
