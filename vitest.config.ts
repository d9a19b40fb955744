import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], exclude: string[] = []): object => ({
  test: {
    name,
    include,
    exclude: ['node_modules/**', ...exclude],
    testTimeout: name === 'unit' ? 10_000 : 60_000,
    hookTimeout: 60_000,
    // What is looked at again and again is mostly said by a process that has yet to start: without this it has a second.
    expect: { poll: { timeout: name === 'unit' ? 5_000 : 20_000 } },
  },
})

/** Unit: fast, for every commit. Integration: the built package and slow edges. Scenario: the whole program on the sandbox. */
export default defineConfig({
  test: {
    // By default one core is left free: on two of them half the time would be waited.
    maxWorkers: '100%',
    projects: [
      project('unit', ['test/**/*.test.ts'], ['test/scenario/**', 'test/integration/**', 'test/e2e/**', 'test/bench/**']),
      project('integration', ['test/integration/**/*.test.ts']),
      project('scenario', ['test/scenario/**/*.test.ts']),
      project('e2e', ['test/e2e/**/*.test.ts']),
    ],
  },
})
