import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatMilli,
  isQuantity,
  parseMilli,
  parseMilliNumber,
  parseUnits,
} from '../../../shared/quantity.ts'

describe('parseMilli', () => {
  it.each<[string | number, bigint]>([
    ['0', 0n],
    ['1', 1000n],
    [2, 2000n],
    ['1.5', 1500n],
    ['.5', 500n],
    ['1.', 1000n],
    ['100m', 100n],
    ['+2', 2000n],
    ['-1.5', -1500n],
    ['1k', 1_000_000n],
    ['1Ki', 1_024_000n],
    ['1.5Gi', 1_610_612_736_000n],
    ['1e3', 1_000_000n],
    ['1E3', 1_000_000n],
    ['1E', 10n ** 21n],
    ['1Ei', 2n ** 60n * 1000n],
    ['1e-3', 1n],
    ['0.0001', 1n],
    ['1n', 1n],
    ['1001u', 2n],
    [' 1 ', 1000n],
  ])('reads %j as %s', (text, milli) => {
    expect(parseMilli(text)).toBe(milli)
  })

  it.each(['', '.', '-', '1K', '1KI', '1e', '1 Gi', '0x10', '1,5', '1e99999', 'NaN', '١'])('refuses %j', (text) => {
    expect(() => parseMilli(text)).toThrow()
  })

  it('is exact where numbers are not', () => {
    expect(parseMilli('9007199254740993')).toBe(9_007_199_254_740_993_000n)
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        (n) => parseMilli(`${n}m`) === n && parseMilli(`${n}`) === n * 1000n,
      ),
    )
  })
})

describe('the other readings', () => {
  it('round up', () => {
    expect(parseUnits('1.1')).toBe(2)
    expect(parseUnits('100m')).toBe(1)
    expect(parseUnits('1Gi')).toBe(2 ** 30)
    expect(parseMilliNumber('0.1')).toBe(100)
    expect(parseMilliNumber('0.1m')).toBe(1)
  })

  it('tell what is a quantity', () => {
    expect(['1', '100m', '1Gi', '-1', '1e3'].every(isQuantity)).toBe(true)
    expect(['', 'x', '1gi', '1e', ' 1'].some(isQuantity)).toBe(false)
  })
})

describe('formatting', () => {
  it('says what reads back as the same', () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 31 - 1 }), (n) => parseUnits(formatBytes(n)) === n))
    fc.assert(fc.property(fc.nat(), (n) => parseMilliNumber(formatMilli(n)) === n))
  })

  it('takes the largest unit that divides', () => {
    expect([0, 1, 1500, 1024, 1536 * 1024, 2 ** 30].map(formatBytes)).toEqual([
      '0',
      '1',
      '1500',
      '1Ki',
      '1536Ki',
      '1Gi',
    ])
    expect([0, 100, 1000, 1500].map(formatMilli)).toEqual(['0', '100m', '1', '1500m'])
  })
})
