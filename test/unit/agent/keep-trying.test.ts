import { beforeEach, describe, expect, it } from 'vitest'
import { keepRunning, keepTrying } from '../../../agent/keep-trying.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

describe('trying again', () => {
  let clock: VirtualClock
  let stop: AbortController
  let failures: unknown[]
  let tries: number

  beforeEach(() => {
    clock = new VirtualClock()
    stop = new AbortController()
    failures = []
    tries = 0
  })

  const retries = () => ({
    clock,
    signal: stop.signal,
    restMs: () => 100 * tries,
    failed: (error: unknown) => void failures.push(error),
  })
  const failing = async (times: number) => {
    tries++
    if (tries <= times) throw new Error(`failure ${tries}`)
  }

  it('ends with the first that works, and rests before each next one', async () => {
    const tried = keepTrying(() => failing(2), retries())
    await clock.advance(299)
    expect(tries).toBe(2)
    await clock.advance(1)
    await tried
    await clock.advance(10_000)
    expect(tries).toBe(3)
    expect(failures).toEqual([new Error('failure 1'), new Error('failure 2')])
  })

  it('runs again what has ended as well as what has failed', async () => {
    void keepRunning(() => failing(1), retries())
    await clock.advance(300)
    expect(tries).toBe(3)
    expect(failures).toHaveLength(1)
  })

  it.each([keepTrying, keepRunning])('is over when it is called off, resting or not', async (keep) => {
    const resting = keep(() => failing(100), retries())
    await clock.advance(50)
    stop.abort()
    await resting
    expect(tries).toBe(1)
    await keep(() => failing(100), retries())
    expect(tries).toBe(1)
  })

  it('does not tell of what fails because it was called off', async () => {
    const run = async () => {
      stop.abort()
      throw stop.signal.reason
    }
    await keepRunning(run, retries())
    expect(failures).toEqual([])
  })
})
