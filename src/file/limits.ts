/** What a file may be at most; beyond it is a mistake or an attack. Pure constants. */
export const limits = {
  bytes: 1024 * 1024,
  tokens: 200_000,
  /** `yaml` takes minutes for a megabyte of escapes. */
  backslashes: 20_000,
  depth: 32,
  /** Nodes after aliases are followed. */
  nodes: 50_000,
  forwards: 2_000,
  portsOfForward: 256,
  ports: 10_000,
  groups: 64,
  addresses: 16,
  keysInMap: 20_000,
  /** Of one value, with its variables filled in. */
  expandedText: 65_536,
  /** `${A:-${B:-…}}` */
  nestedDefaults: 16,
  variableFiles: 16,
  profiles: 32,
  dependencies: 64,
  includeDepth: 8,
  files: 100,
  allBytes: 4 * 1024 * 1024,
} as const
