import { expect, it } from 'vitest'
import { RateLimit } from '../../../shared/rate-limit.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

it('lets each caller take a burst, and then as many as come back with time', async () => {
  const clock = new VirtualClock()
  const limit = new RateLimit(clock, { burst: 3, refillMs: 1000 })
  const take = (caller: string) => Array.from({ length: 5 }, () => limit.take(caller)).filter(Boolean).length
  expect(take('a')).toBe(3)
  expect(take('b')).toBe(3)
  await clock.advance(2000)
  expect(take('a')).toBe(2)
  await clock.advance(60_000)
  expect(take('a')).toBe(3)
})
