/** What an editor offers to begin the maps of the top level with, in the snippet language of VS Code. Pure data. */

/** One of them: a name in the list, what is inserted, and why one would. */
export interface Snippet {
  readonly label: string
  readonly description: string
  readonly body: object
}

/** By the field of the top level. */
export const snippets: Readonly<Record<string, readonly Snippet[]>> = {
  forwards: [
    {
      label: 'a forward in one line',
      description: 'The words of `kubectl port-forward`: local port, then remote port.',
      body: { '${1:web}': 'svc/${2:web} ${3:8080}:${4:80}' },
    },
    {
      label: 'a forward in full',
      description: 'With fields for all that one line cannot say.',
      body: { '${1:web}': { target: 'svc/${2:web}', ports: ['${3:8080}:${4:80}'] } },
    },
  ],
  clusters: [
    {
      label: 'a cluster by its context',
      description: 'An alias, so that a colleague whose context has another name changes one line.',
      body: { '${1:dev}': { context: '${2:kind-dev}' } },
    },
  ],
}
