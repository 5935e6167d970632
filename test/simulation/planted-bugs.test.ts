import { expect, it } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs/index.ts'
import { runScenario } from './scenario.ts'
import { SEEDS } from './seeds.ts'
import { INVARIANTS } from './violations.ts'

// That the same seeds find nothing without a bug, cluster.test.ts shows.
it.each(PLANTED_BUGS)('finds $plant.name with seed $seed', async ({ plant, seed, breaks }) => {
  const { violations } = await runScenario(seed, plant)
  expect(SEEDS).toContain(seed)
  expect(violations.map(({ invariant }) => invariant)).toContain(breaks)
})

it('has a bug for every invariant', () => {
  expect(new Set(PLANTED_BUGS.map(({ breaks }) => breaks))).toEqual(new Set(INVARIANTS))
})
