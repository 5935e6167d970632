import { describe, expect, it } from 'vitest'
import { Turnstile } from '../../../shared/turnstile.ts'

describe('Turnstile', () => {
  it('lets only so many in, in order, and takes failures for ends', async () => {
    const turnstile = new Turnstile(2)
    const ends: (() => void)[] = []
    const began: string[] = []
    const enter = (name: string) =>
      turnstile.pass(() => {
        began.push(name)
        return new Promise<string>((resolve, reject) => {
          ends.push(() => (name === 'b' ? reject(new Error(name)) : resolve(name)))
        })
      })
    const all = Promise.allSettled(['a', 'b', 'c', 'd'].map(enter))
    expect(began).toEqual(['a', 'b'])
    ends[1]?.()
    await new Promise(setImmediate)
    expect(began).toEqual(['a', 'b', 'c'])
    ends[0]?.()
    ends[2]?.()
    await new Promise(setImmediate)
    ends[3]?.()
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(turnstile.isEmpty).toBe(true)
    expect(await turnstile.pass(async () => 'free again')).toBe('free again')
  })
})
