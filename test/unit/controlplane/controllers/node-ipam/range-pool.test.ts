import { describe, expect, it } from 'vitest'
import { RangePool } from '../../../../../controlplane/controllers/node-ipam/range-pool.ts'
import { Ipv4Range } from '../../../../../shared/ipv4-range.ts'

/** Four parts. */
const poolOf = (text = '10.42.0.0/22') => new RangePool(Ipv4Range.parse(text))

describe('RangePool', () => {
  it('gives each holder another part, until there is none', () => {
    const pool = poolOf()
    expect(['a', 'b', 'c', 'd', 'e'].map((holder) => pool.give(holder))).toEqual([
      '10.42.0.0/24',
      '10.42.1.0/24',
      '10.42.2.0/24',
      '10.42.3.0/24',
      undefined,
    ])
  })

  it('gives what came back after everything else', () => {
    const pool = poolOf()
    pool.give('a')
    pool.release('a')
    expect(['b', 'c', 'd', 'e'].map((holder) => pool.give(holder))).toEqual([
      '10.42.1.0/24',
      '10.42.2.0/24',
      '10.42.3.0/24',
      '10.42.0.0/24',
    ])
  })

  it('goes on behind what is held already', () => {
    const pool = poolOf()
    pool.hold('a', ['10.42.2.0/24'])
    expect(pool.give('b')).toBe('10.42.3.0/24')
    // Said again of one that is known, it changes nothing.
    pool.hold('a', ['10.42.2.0/24'])
    expect(pool.give('c')).toBe('10.42.0.0/24')
    pool.hold('b', ['10.42.3.0/24'])
    expect(pool.give('d')).toBe('10.42.1.0/24')
  })

  it.each([
    ['a small one', ['10.42.1.128/25'], ['10.42.2.0/24', '10.42.3.0/24', '10.42.0.0/24']],
    ['a large one', ['10.42.0.0/23'], ['10.42.2.0/24', '10.42.3.0/24']],
    ['one around all', ['10.0.0.0/8'], []],
    ['one outside', ['10.43.0.0/24'], ['10.42.0.0/24', '10.42.1.0/24', '10.42.2.0/24', '10.42.3.0/24']],
    ['what is no IPv4 range', ['fd00::/64'], ['10.42.0.0/24', '10.42.1.0/24', '10.42.2.0/24', '10.42.3.0/24']],
  ])('gives nothing of a range that was set by hand: %s', (_, ranges, free) => {
    const pool = poolOf()
    pool.hold('by hand', ranges)
    const given = ['a', 'b', 'c', 'd'].map((holder) => pool.give(holder))
    expect(given.filter((range) => range !== undefined)).toEqual(free)
  })

  it('has a part free when the last of its holders is gone', () => {
    const pool = poolOf('10.42.0.0/24')
    pool.hold('a', ['10.42.0.0/25'])
    pool.hold('b', ['10.42.0.128/25'])
    pool.release('a')
    expect(pool.give('c')).toBeUndefined()
    pool.release('b')
    expect(pool.give('c')).toBe('10.42.0.0/24')
  })
})
