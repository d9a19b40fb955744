/**
 * Built-in modules for verbs that must start quickly.
 *
 * `import` of a built-in reads each of its exports, and some have getters that load a lot:
 * `node:http` all of undici for its WebSocket (30 ms), `node:crypto` WebCrypto. Taken as
 * CommonJS takes them they cost a few.
 */

/** `node:http`, without what it could do beside. */
export function http(): typeof import('node:http') {
  return process.getBuiltinModule('node:http')
}

/** `node:crypto`, likewise. */
export function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}

/** `node:util`, likewise. */
export function util(): typeof import('node:util') {
  return process.getBuiltinModule('node:util')
}
