import { describe, expect, it } from 'vitest'
import { HeartbeatMonitor } from '../../../../../controlplane/controllers/node-lifecycle/heartbeat-monitor.ts'

const ROUND_MS = 500

function setUp(...names: string[]) {
  const monitor = new HeartbeatMonitor({ graceMs: 4_000, roundMs: ROUND_MS })
  monitor.round(names, 0)
  /** Lets time pass, in which these nodes beat once per round. */
  const pass = (ms: number, ...beating: string[]) => {
    for (let passed = 0; passed < ms; passed += ROUND_MS) {
      for (const name of beating) monitor.heard(name)
      monitor.round(names, ROUND_MS)
      if (monitor.suspect(names)) monitor.confirm()
    }
  }
  return { monitor, names, pass }
}

describe('heartbeat monitor', () => {
  it('loses a node after its grace, and finds it with the next beat', () => {
    const { monitor, pass } = setUp('a', 'b')
    pass(3_500, 'a')
    expect(monitor.isLost('b')).toBe(false)
    pass(500, 'a')
    expect(monitor.isLost('b')).toBe(true)
    expect(monitor.isLost('a')).toBe(false)
    expect(monitor.isDisrupted).toBe(false)
    monitor.heard('b')
    expect(monitor.isLost('b')).toBe(false)
  })

  it('loses none that may have been held up', () => {
    const { monitor, names } = setUp('a')
    for (let passed = 0; passed < 10_000; passed += ROUND_MS) monitor.round(names, ROUND_MS)
    expect(monitor.isLost('a')).toBe(false)
    expect(monitor.suspect(names)).toBe(true)
    monitor.heard('a')
    monitor.confirm()
    expect(monitor.isLost('a')).toBe(false)
    expect(monitor.suspect(names)).toBe(false)
  })

  it('waits longer for one that left, unless it seemed lost by then', () => {
    const names = ['a', 'b']
    const monitor = new HeartbeatMonitor({ graceMs: 4_000, roundMs: ROUND_MS, returnGraceMs: 10_000 })
    for (const name of names) monitor.heard(name)
    monitor.left('a')
    for (let passed = 0; passed < 4_000; passed += ROUND_MS) monitor.round(names, ROUND_MS)
    monitor.left('b')
    monitor.suspect(names)
    monitor.confirm()
    expect(names.map((name) => monitor.isLost(name))).toEqual([false, true])
  })

  it('does not count time in which it was stalled itself', () => {
    const { monitor, names, pass } = setUp('a', 'b')
    pass(1_000, 'a', 'b')
    monitor.round(names, 60_000)
    expect(monitor.isLost('a')).toBe(false)
    expect(monitor.isDisrupted).toBe(false)
  })

  it('takes it for a disruption when all fall silent within half the grace', () => {
    const { monitor, pass } = setUp('a', 'b', 'c')
    pass(1_500, 'b', 'c')
    pass(2_500)
    expect(monitor.isLost('a')).toBe(true)
    expect(monitor.isLost('b')).toBe(false)
    expect(monitor.isDisrupted).toBe(true)
  })

  it('gives new grace to all when a disruption ends', () => {
    const { monitor, pass } = setUp('a', 'b', 'c')
    pass(10_000)
    expect(monitor.isDisrupted).toBe(true)
    pass(500, 'a')
    expect(monitor.isDisrupted).toBe(false)
    expect(monitor.isLost('b')).toBe(false)
    pass(4_000, 'a')
    expect(monitor.isLost('b')).toBe(true)
  })

  it('waits longer for one that has not been heard since the start, or since nobody was heard', () => {
    const names = ['a', 'b']
    const monitor = new HeartbeatMonitor({ graceMs: 4_000, roundMs: ROUND_MS, returnGraceMs: 10_000 })
    const pass = (ms: number, ...beating: string[]) => {
      for (let passed = 0; passed < ms; passed += ROUND_MS) {
        for (const name of beating) monitor.heard(name)
        monitor.round(names, ROUND_MS)
        if (monitor.suspect(names)) monitor.confirm()
      }
    }
    monitor.round(names, 0)
    pass(9_500, 'a')
    expect(monitor.isLost('b')).toBe(false)
    pass(500, 'a')
    expect(monitor.isLost('b')).toBe(true)
    pass(500, 'a', 'b')
    pass(30_000)
    expect(monitor.isDisrupted).toBe(true)
    pass(9_500, 'a')
    expect(monitor.isLost('b')).toBe(false)
    pass(1_000, 'a')
    expect(monitor.isLost('b')).toBe(true)
  })

  it('knows no disruption of a single node, nor of nodes lost one after the other', () => {
    const single = setUp('a')
    single.pass(4_000)
    expect(single.monitor.isLost('a')).toBe(true)
    expect(single.monitor.isDisrupted).toBe(false)

    const { monitor, pass } = setUp('a', 'b')
    pass(3_000, 'b')
    pass(1_000)
    expect(monitor.isLost('a')).toBe(true)
    expect(monitor.isDisrupted).toBe(false)
  })
})
