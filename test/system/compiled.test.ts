/** Where the compiled code is kept: the user's cache, by the custom of each platform. */
import { expect, test } from 'vitest'
import { cacheFolder } from '../../src/system/cache-folder.ts'

test.each([
  ['linux', {}, '/home/ann', '/home/ann/.cache/kpf'],
  ['linux', { XDG_CACHE_HOME: '/var/cache/ann' }, '/home/ann', '/var/cache/ann/kpf'],
  // Relative is invalid, says the standard, and to be ignored.
  ['linux', { XDG_CACHE_HOME: 'cache' }, '/home/ann', '/home/ann/.cache/kpf'],
  ['darwin', { XDG_CACHE_HOME: '/var/cache/ann' }, '/Users/ann', '/Users/ann/Library/Caches/kpf'],
])('on %s with %j the cache of %s is %s', (platform, env, home, folder) => {
  expect(cacheFolder(env, home, platform)).toBe(folder)
})
