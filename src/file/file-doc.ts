/** `docs/file.md`: the language for people, from the same schemas that check it. Pure. */
import type * as z from 'zod/mini'
import { type Field, fieldsOf } from './fields.ts'
import { type FileExample, fileExamples } from './file-examples.ts'
import { plannedPaths } from './planned.ts'
import * as shape from './shape.ts'

const sections: readonly (readonly [string, z.core.$ZodType, (path: string) => boolean])[] = [
  ['Top level', shape.file(), (path) => /^(include|clusters|defaults|forwards)/.test(path)],
  ['An entry of `include`', shape.include(), () => false],
  ['An entry of `clusters`', shape.cluster(), () => false],
  ['A forward', shape.forward(), (path) => path.startsWith('ports') || path.startsWith('target')],
  ['`target`, in full', shape.target(), () => false],
  ['An entry of `ports`, in full', shape.port(), () => false],
]

const head = `# The file

Made from the schema by \`npm run docs:file\`; do not edit. Editors have the same from \`schema/forwards.schema.json\`.

\`\`\`yaml
# yaml-language-server: $schema=https://kpf.dev/schema/forwards.schema.json
name: shop
context: \${KPF_CONTEXT:-kind-dev}
namespace: shop
include: [payments/forwards.yaml]
forwards:
  web: svc/web 3000:80                      # a forward is kubectl's own argument line
  db: svc/postgres :5432                    # a free local port that stays the same
  grafana:                                  # the long form says more
    target: svc/grafana
    namespace: monitoring
    ports: [{ name: ui, localPort: 3001, remotePort: http }]
    profiles: [observe]
\`\`\`

## Rules

- **Which files.** \`forwards.yaml\` or \`forwards.yml\` here or above, up to the repository's root; \`forwards.override.yaml\` beside it is laid over it. \`-f\` names others instead, and several are merged from left to right: maps merge deep, forwards by name, lists are replaced. \`-f -\` is standard input. A path in a file is meant from that file.
- **\`include\`** adds files that keep their own directory and top level. What an included file leaves open of \`context\`, \`cluster\`, \`kubeconfig\` and \`namespace\` it has from the file that includes it. Two forwards of one name are a problem, unless a \`prefix\` tells them apart.
- **Short form**: \`[-n NS] [--context C] [--cluster ALIAS] [--address A] [-c CONTAINER] (TYPE/NAME | POD | -l SELECTOR) PORT…\`, split at blanks and quotes; \`kubectl port-forward\` may stand in front.
- **Ports**: \`PORT\`, \`LOCAL:REMOTE\`, \`:REMOTE\` or \`auto:REMOTE\` for a free local port, \`IP:LOCAL:REMOTE\`, \`[v6]:LOCAL:REMOTE\`, and ranges of equal length, \`8080-8082:80-82\`.
- **Variables** in values, never in keys: \`$V\`, \`\${V}\`, \`\${V:-default}\`, \`\${V-default}\`, \`\${V:?message}\`, \`\${V?message}\`, \`\${V:+word}\`, \`\${V+word}\`; words may hold variables again, and \`$$\` is a dollar. The first that has one decides: the environment, \`--env-file\`, \`envFile\`, \`.env\` beside the file, \`vars\`; for an included file those of the including one come first. One that is unset and has no default is a problem, for forwards that are started. A number, a truth value or a duration may be a variable. Files of variables have \`NAME=value\` lines; \`$\` means nothing in them.
- **What variables hold** is in no message about the file: \`\${NAME}\` stands there instead. Put secrets into \`exports\` and \`links\`, of which \`kpf config\` prints \`\${NAME}\` as well; what names a context, an object or a port is shown by \`kpf ps\` and in events as it is.
- **Durations** have a unit: \`500ms\`, \`10s\`, \`5m\`, \`1h30m\`.
- **Defaults**: what is built in, then \`defaults\`, then the forward, then flags.
- **\`x-\`** keys are free everywhere. With YAML's anchors and merge keys (\`<<: *name\`) they are the way to share fragments.
- **Approval.** Addresses that others can reach, ports below 1024, a kubeconfig named by the file and files outside of the project wait for \`kpf trust\`.
`

const planned = `
## Later

These fields are known and refused by name (\`KPF_PLANNED\`), never ignored: ${plannedPaths()
  .map((path) => `\`${path}\``)
  .join(', ')}.
`

/** The whole document. */
export function fileDocument(): string {
  const parts = sections.map(([title, schema, stopsAt]) => `\n## ${title}\n\n${table(fieldsOf(schema, stopsAt))}${examplesOf(title)}`)
  return `${head}${parts.join('')}${planned}`
}

function examplesOf(title: string): string {
  return fileExamples
    .filter(({ section }) => section === title)
    .map(exampleText)
    .join('')
}

function exampleText({ text, others = {} }: FileExample): string {
  const blocks = Object.entries(others).map(([path, content]) => `\`${path}\`:\n\n${block(content, path.endsWith('.yaml') ? 'yaml' : 'sh')}`)
  return `\n${[block(text, 'yaml'), ...blocks].join('\n')}`
}

function block(text: string, language: string): string {
  return `\`\`\`${language}\n${text}\`\`\`\n`
}

function table(fields: readonly Field[]): string {
  const rows = fields.map(
    ({ path, type, meaning, isRequired }) => `| \`${path}\` | ${cell(type)} | ${cell(isRequired ? `${meaning} Required.`.trim() : meaning)} |\n`,
  )
  return `| Field | Type | Meaning |\n|---|---|---|\n${rows.join('')}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
