import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What works in memory and virtual time takes nothing but processors: all of them, and each loads a module once, not once
 * for every file.
 */
const pure = { maxWorkers: availableParallelism(), isolate: false, sequence: { groupOrder: 0 } }

/** Docker and processors are shared by all that use them for real: few files at a time, and time enough. */
const real = {
  maxWorkers: 3,
  testTimeout: 120_000,
  hookTimeout: 180_000,
  globalSetup: 'test/support/prepare-kubectl.ts',
}

/** Files that take long, the longest first: what begins last shall not be waited for alone. */
const LONGEST = [
  'simulation/cluster',
  'machines',
  'docker-runtime',
  'documented-pods',
  'deployment',
  'pod-lifecycle',
  'resources',
  'pod-security',
  'up',
  'compose',
  'kubectl-versions',
  'kubectl-api',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return place < 0 ? LONGEST.length : place
    }
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/*.test.ts'],
          testTimeout: 20_000,
          ...pure,
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          // A seed is some seconds of work, and the machine may have ten times as much to do.
          testTimeout: 180_000,
          ...pure,
        },
      },
      // Both are mostly waiting: for Docker, for machines that were switched off.
      {
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], sequence: { groupOrder: 1 }, ...real },
      },
      { test: { name: 'machines', include: ['test/e2e/machines/*.test.ts'], sequence: { groupOrder: 1 }, ...real } },
      { test: { name: 'e2e', include: ['test/e2e/*.test.ts'], sequence: { groupOrder: 2 }, ...real } },
    ],
  },
})
