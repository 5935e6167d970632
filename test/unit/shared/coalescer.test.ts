import { beforeEach, expect, it } from 'vitest'
import { Coalescer } from '../../../shared/coalescer.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let clock: VirtualClock
let ranAtMs: number[]
let coalescer: Coalescer
beforeEach(() => {
  clock = new VirtualClock(0)
  ranAtMs = []
  coalescer = new Coalescer({ clock, intervalMs: 10, run: () => ranAtMs.push(clock.monotonic()) })
})

it('runs at once after a rest, and then once for all that comes in the interval', async () => {
  coalescer.soon()
  coalescer.soon()
  expect(ranAtMs).toEqual([])
  await clock.advance(0)
  for (let round = 0; round < 15; round++) {
    coalescer.soon()
    await clock.advance(1)
  }
  await clock.advance(100)
  coalescer.soon()
  await clock.advance(0)
  expect(ranAtMs).toEqual([0, 10, 20, 115])
})

it('lets what may wait go with what may not', async () => {
  coalescer.within(50)
  await clock.advance(20)
  coalescer.within(50)
  coalescer.soon()
  await clock.advance(200)
  expect(ranAtMs).toEqual([20])
  coalescer.within(50)
  await clock.advance(200)
  expect(ranAtMs).toEqual([20, 270])
})

it('does nothing more when it is cancelled', async () => {
  coalescer.soon()
  coalescer.cancel()
  await clock.advance(200)
  expect(ranAtMs).toEqual([])
})
