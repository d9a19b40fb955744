/** The version of this kpf, the same as in package.json (held by a test). */
export const version = '0.1.0'
