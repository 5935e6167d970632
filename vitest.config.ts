import { defineConfig } from 'vitest/config'

/** Docker and processors are shared by all that use them for real: few files at a time, and time enough. */
const real = {
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 180_000,
  globalSetup: 'test/support/prepare-kubectl.ts',
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/*.test.ts'],
          sequence: { groupOrder: 0 },
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          sequence: { groupOrder: 0 },
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          ...real,
          fileParallelism: true,
          maxWorkers: 2,
        },
      },
      // Most of an end-to-end test is waiting for containers: three at a time are no strain.
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          sequence: { groupOrder: 2 },
          ...real,
          fileParallelism: true,
          maxWorkers: 3,
        },
      },
      { test: { name: 'machines', include: ['test/e2e/machines/*.test.ts'], sequence: { groupOrder: 3 }, ...real } },
    ],
  },
})
