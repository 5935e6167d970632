import { expect, it } from 'vitest'
import { EventNames } from '../../../../controlplane/reconcile/event-names.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

it('names Events in their order, whatever part of a millisecond it is', async () => {
  const clock = new VirtualClock(Date.UTC(2030, 0, 1) + 0.1123)
  const names = new EventNames(clock, seededRandom(1))
  const given = ['web', 'web', 'web'].map((subject) => names.next(subject))
  await clock.advance(0.75)
  given.push(names.next('web'))
  expect(given.toSorted()).toEqual(given)
  expect(new Set(given).size).toBe(4)
  for (const name of given) expect(name).toMatch(/^web\.[0-9a-f]{16}$/)
})
