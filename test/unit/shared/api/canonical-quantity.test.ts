import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalQuantity } from '../../../../shared/api/canonical-quantity.ts'
import { parseMilli } from '../../../../shared/quantity.ts'

describe('canonicalQuantity', () => {
  it.each([
    ['0.5', '500m'],
    ['1000m', '1'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Gi', '512Mi'],
    ['1e3', '1e3'],
    ['1E6', '1e6'],
    ['12e6', '12e6'],
    ['100000', '100k'],
    ['1500', '1500'],
    ['0', '0'],
    ['0Gi', '0'],
    ['-0.1', '-100m'],
    ['+2', '2'],
    ['1Ki', '1Ki'],
    ['0.1Ki', '102400m'],
    ['1000Ki', '1000Ki'],
    ['.1', '100m'],
    ['1.', '1'],
    ['0.0000000001', '1n'],
    ['100m', '100m'],
    ['3E', '3E'],
  ])('%s is %s', (text, canonical) => expect(canonicalQuantity(text)).toBe(canonical))

  it.each(['', 'abc', '1.2.3', '1KB', '1 Gi', '1e999', '--1', '1mi'])('refuses %j', (text) => {
    expect(canonicalQuantity(text)).toBeUndefined()
  })

  it('keeps the amount and is its own canonical form', () => {
    const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'e-2')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 99 }), suffix, (whole, part, unit) => {
        const text = `${whole}.${part}${unit}`
        const canonical = canonicalQuantity(text) ?? ''
        expect(parseMilli(canonical)).toBe(parseMilli(text))
        expect(canonicalQuantity(canonical)).toBe(canonical)
      }),
    )
  })
})
