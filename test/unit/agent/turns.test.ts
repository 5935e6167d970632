import { describe, expect, it } from 'vitest'
import { Turns } from '../../../agent/turns.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

describe('Turns', () => {
  const clock = new VirtualClock()
  const turns = new Turns({ clock, maxMs: 1_000 })

  it('let one begin when the one before it is done', async () => {
    const seen: string[] = []
    const work = (name: string) => async () => {
      seen.push(`${name} begins`)
      await clock.advance(100)
      seen.push(`${name} ends`)
      return name
    }
    const all = ['a', 'b'].map((name) => turns.take(work(name)))
    expect(await Promise.all(all)).toEqual(['a', 'b'])
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  it('go on after a failure', async () => {
    const failed = turns.take(() => Promise.reject(new Error('no')))
    const next = turns.take(async () => 'next')
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('next')
  })

  it('do not wait for ever for one that hangs', async () => {
    void turns.take(() => new Promise(() => {}))
    let begun = false
    const next = turns.take(async () => {
      begun = true
    })
    await clock.advance(999)
    expect(begun).toBe(false)
    await clock.advance(1)
    await next
  })
})
