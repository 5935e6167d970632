import { beforeEach, describe, expect, it } from 'vitest'
import { WakeLoop } from '../../../agent/wake-loop.ts'
import { sleep } from '../../../shared/clock.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

describe('WakeLoop', () => {
  let clock: VirtualClock
  let passes: number
  let faults: unknown[]

  beforeEach(() => {
    clock = new VirtualClock()
    passes = 0
    faults = []
  })

  const loop = (pass: () => Promise<number> | number) =>
    new WakeLoop({
      clock,
      pass: async () => {
        passes++
        return pass()
      },
      onFault: (error) => faults.push(error),
    })

  it('counts all wakes during a pass as one', async () => {
    const one = loop(async () => {
      await sleep(clock, 1_000)
      return Number.POSITIVE_INFINITY
    })
    for (let i = 0; i < 5; i++) one.wake()
    await clock.advance(10_000)
    expect(passes).toBe(2)
  })

  it('runs again when a pass said so, or earlier when woken', async () => {
    const one = loop(() => 60_000)
    one.wake()
    await clock.advance(59_000)
    expect(passes).toBe(1)
    one.wake()
    await clock.advance(59_000)
    expect(passes).toBe(2)
    await clock.advance(1_000)
    expect(passes).toBe(3)
  })

  it('backs off from faults, until a pass goes well', async () => {
    let broken = true
    const one = loop(() => {
      if (broken) throw new Error('no')
      return Number.POSITIVE_INFINITY
    })
    one.wake()
    await clock.advance(7_500)
    expect(passes).toBe(4)
    expect(faults).toHaveLength(4)
    broken = false
    await clock.advance(8_000)
    expect(passes).toBe(5)
  })

  it('rests when passes ask for another without end', async () => {
    loop(() => 0).wake()
    await clock.advance(9_500)
    expect(passes).toBeGreaterThan(20)
    expect(passes).toBeLessThan(40)
  })

  it('stops', async () => {
    const one = loop(() => 100)
    one.wake()
    await clock.advance(10)
    one.stop()
    one.wake()
    await clock.advance(10_000)
    expect(passes).toBe(1)
  })
})
