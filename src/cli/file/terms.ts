/** The terms of a command line: what it says beside the files, taken from it and laid over another one. Pure. */
import { delimiter, resolve } from 'node:path'
import { kubeconfigPaths } from '../../cluster/kubeconfig-paths.ts'
import { ofProcess, type Terms } from '../../control/terms.ts'
import { type Context, isSet, textFlags } from '../context.ts'
import { flagsOf, profilesOf } from './project-file.ts'

/** Of a command line, with the variables that its files name. */
export function termsOf(context: Context, variables: readonly string[]): Terms {
  const { kubeconfig, ...access } = flagsOf(context)
  const { cwd, env, flags } = context
  return {
    ...access,
    ...(kubeconfig !== undefined && { kubeconfig: resolve(cwd, kubeconfig) }),
    profiles: profilesOf(context),
    envFiles: textFlags(flags, 'env-file').map((path) => resolve(cwd, path)),
    isWithoutNeeds: isSet(flags, 'no-deps'),
    keepsOrphans: isSet(flags, 'keep-orphans'),
    isApproved: isSet(flags, 'yes'),
    variables: Object.fromEntries([...ofProcess, ...variables].map((name) => [name, name === 'KUBECONFIG' ? kubeconfigOf(context) : (env[name] ?? null)])),
  }
}

/** The files that it means: two folders may each have one of the same name, and the usual one may be written or not. */
function kubeconfigOf(context: Context): string {
  return kubeconfigPaths(undefined, context)
    .map((path) => resolve(context.cwd, path))
    .join(delimiter)
}

/** The command line with other terms; what it was started with otherwise stays. */
export function withTerms(context: Context, terms: Terms): Context {
  const taken = Object.entries(terms.variables).filter(([name]) => !ofProcess.includes(name))
  const variables = taken.map(([name, value]): [string, string | undefined] => [name, value ?? undefined])
  return {
    ...context,
    // Whoever gave them has read them from flags and variables of its own.
    sources: {},
    // Profiles that no flag names would come from there again.
    env: { ...context.env, ...Object.fromEntries(variables), KPF_PROFILES: '' },
    flags: {
      ...context.flags,
      kubeconfig: terms.kubeconfig,
      context: terms.context,
      namespace: terms.namespace,
      profile: terms.profiles,
      'env-file': terms.envFiles,
      'no-deps': terms.isWithoutNeeds,
      'keep-orphans': terms.keepsOrphans,
      yes: terms.isApproved || isSet(context.flags, 'yes'),
    },
  }
}
