/** What a command line says beside its files, as it goes over the control socket. Pure. */

/** The flags and variables with which files are read. */
export interface Terms {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
  readonly profiles: readonly string[]
  /** Absolute paths. */
  readonly envFiles: readonly string[]
  readonly isWithoutNeeds: boolean
  readonly keepsOrphans: boolean
  /** `--yes`: what the files ask for was approved. */
  readonly isApproved: boolean
  /** The variables that the files name, and those of {@link ofProcess}, as that process has them; null when it has not. */
  readonly variables: Readonly<Record<string, string | null>>
}

/** Variables that a supervisor opens its clusters with: those of its own process, whatever another command line has. */
export const ofProcess: readonly string[] = ['KUBECONFIG', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy']

/** Reads what a client sent; undefined when it is none. */
export function readTerms(value: unknown): Terms | undefined {
  if (!isRecord(value)) return undefined
  const { kubeconfig, context, namespace, profiles, envFiles, isWithoutNeeds, keepsOrphans, isApproved, variables } = value
  if (![kubeconfig, context, namespace].every((text) => text === undefined || typeof text === 'string')) return undefined
  if (!isTexts(profiles) || !isTexts(envFiles) || !isRecord(variables) || !Object.values(variables).every(isTextOrNull)) return undefined
  const entries = Object.entries(variables).map(([name, text]): [string, string | null] => [name, typeof text === 'string' ? text : null])
  return {
    ...(typeof kubeconfig === 'string' && { kubeconfig }),
    ...(typeof context === 'string' && { context }),
    ...(typeof namespace === 'string' && { namespace }),
    profiles,
    envFiles,
    isWithoutNeeds: isWithoutNeeds === true,
    keepsOrphans: keepsOrphans === true,
    isApproved: isApproved === true,
    variables: Object.fromEntries(entries),
  }
}

/** In what the second differs from the first, in the words of a command line. No values: a variable may be a secret. */
export function differences(before: Terms, after: Terms): readonly string[] {
  const fields = [
    ['--kubeconfig', before.kubeconfig, after.kubeconfig],
    ['--context', before.context, after.context],
    ['--namespace', before.namespace, after.namespace],
    ['--profile', before.profiles.toSorted().join(), after.profiles.toSorted().join()],
    ['--env-file', before.envFiles.join(), after.envFiles.join()],
    ['--no-deps', before.isWithoutNeeds, after.isWithoutNeeds],
    ['--keep-orphans', before.keepsOrphans, after.keepsOrphans],
  ] as const
  const names = Object.keys(after.variables).filter((name) => (before.variables[name] ?? null) !== after.variables[name])
  return [...fields.filter(([, one, other]) => one !== other).map(([flag]) => flag), ...names.map((name) => `$${name}`)]
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string'
}
