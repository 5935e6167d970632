import { expect, it } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs/index.ts'
import { runScenario } from './scenario.ts'
import { SEEDS } from './seeds.ts'
import { INVARIANTS } from './violations.ts'

/** A run that takes another course finds something else: any of these seeds will do, that which found it last comes first. */
function seedsFrom(first: number): number[] {
  return [first, ...SEEDS.filter((seed) => seed !== first)]
}

// That the same seeds find nothing without a bug, cluster.test.ts shows.
it.each(PLANTED_BUGS)('finds $plant.name', { timeout: 120_000 }, async ({ plant, seed, breaks }) => {
  expect(SEEDS).toContain(seed)
  const found = new Set<string>()
  for (const tried of seedsFrom(seed)) {
    const { violations } = await runScenario(tried, plant)
    for (const { invariant } of violations) found.add(invariant)
    if (found.has(breaks)) break
  }
  expect([...found]).toContain(breaks)
})

it('has a bug for every invariant', () => {
  expect(new Set(PLANTED_BUGS.map(({ breaks }) => breaks))).toEqual(new Set(INVARIANTS))
})
