import { describe, expect, it } from 'vitest'
import { Expectations } from '../../../../controlplane/reconcile/expectations.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

function setUp() {
  const clock = new VirtualClock()
  return { clock, expectations: new Expectations(clock, 1000) }
}

describe('Expectations', () => {
  it('are met where nothing is expected', () => {
    expect(setUp().expectations.satisfied('a')).toBe(true)
  })

  it('wait for as many creations as were promised', () => {
    const { expectations } = setUp()
    expectations.expectCreations('a', 2)
    expectations.creationObserved('a')
    expect(expectations.satisfied('a')).toBe(false)
    expect(expectations.satisfied('b')).toBe(true)
    expectations.creationObserved('a')
    expect(expectations.satisfied('a')).toBe(true)
  })

  it('count a deletion by its UID, once, and no other', () => {
    const { expectations } = setUp()
    expectations.expectDeletions('a', ['u1', 'u2'])
    expectations.deletionObserved('a', 'u1')
    expectations.deletionObserved('a', 'u1')
    expectations.deletionObserved('a', 'u3')
    expect(expectations.satisfied('a')).toBe(false)
    expectations.deletionObserved('a', 'u2')
    expect(expectations.satisfied('a')).toBe(true)
  })

  it('are not met early by creations of others', () => {
    const { expectations } = setUp()
    expectations.expectDeletions('a', ['u1'])
    for (let i = 0; i < 3; i++) expectations.creationObserved('a')
    expectations.expectCreations('a', 1)
    expect(expectations.satisfied('a')).toBe(false)
    expectations.creationObserved('a')
    expect(expectations.satisfied('a')).toBe(false)
  })

  it('lapse after the timeout, and start anew then', async () => {
    const { clock, expectations } = setUp()
    expectations.expectCreations('a', 3)
    await clock.advance(999)
    expect(expectations.satisfied('a')).toBe(false)
    expect(expectations.remainingMs('a')).toBe(1)
    await clock.advance(1)
    expect(expectations.satisfied('a')).toBe(true)
    expectations.expectCreations('a', 1)
    expectations.creationObserved('a')
    expect(expectations.satisfied('a')).toBe(true)
  })

  it('can be forgotten', () => {
    const { expectations } = setUp()
    expectations.expectCreations('a', 1)
    expectations.forget('a')
    expect(expectations.satisfied('a')).toBe(true)
  })
})
