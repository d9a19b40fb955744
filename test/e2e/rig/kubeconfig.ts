/** Kubeconfigs for users that the cluster's own one has not: other tokens, plugins, a wrong CA. Pure. */

/** How the user proves who it is; the fields of a kubeconfig's user. */
export type Credential =
  | { readonly token: string }
  | { readonly tokenFile: string }
  | {
      readonly exec: {
        readonly apiVersion: string
        readonly command: string
        readonly args?: readonly string[]
        readonly env?: readonly { readonly name: string; readonly value: string }[]
        readonly interactiveMode?: string
      }
    }

export interface KubeconfigParts {
  readonly server: string
  /** PEM file of the authority to trust. */
  readonly caFile: string
  readonly user: Credential
  readonly namespace?: string
  /** Of the context, the cluster and the user. Default: "test". */
  readonly name?: string
}

/** A kubeconfig with one context. JSON, which is YAML too. */
export function kubeconfigText({ server, caFile, user, namespace = 'default', name = 'test' }: KubeconfigParts): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}
