import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SortedMap } from '../../../../controlplane/store/sorted-map.ts'

describe('SortedMap', () => {
  it('holds thousands of keys in order, whatever the order of their coming and going', { timeout: 30_000 }, () => {
    const key = fc.nat({ max: 2000 }).map((n) => `k${n}`)
    const property = fc.property(
      fc.array(key, { maxLength: 3000, size: 'max' }),
      fc.array(key),
      key,
      key,
      (added, removed, a, b) => {
        const map = new SortedMap<string>()
        const model = new Map<string, string>()
        for (const key of added) {
          map.set(key, `v${key}`)
          model.set(key, `v${key}`)
        }
        for (const key of removed) expect(map.delete(key)).toBe(model.delete(key))
        const [start, end] = a < b ? [a, b] : [b, a]
        const wanted = [...model.keys()].filter((key) => key >= start && key < end).sort()
        expect([...map.range(start, end)]).toEqual(wanted.map((key) => `v${key}`))
        expect(map.count(start, end)).toBe(wanted.length)
        expect(map.size).toBe(model.size)
        expect(map.get(a)).toBe(model.get(a))
      },
    )
    fc.assert(property, { numRuns: 30 })
  })

  it('is empty in the beginning and in the end', () => {
    const map = new SortedMap<number>()
    expect([...map.range('', '\uffff')]).toEqual([])
    expect(map.count('', '\uffff')).toBe(0)
    map.set('a', 1)
    expect(map.delete('a')).toBe(true)
    expect(map.delete('a')).toBe(false)
    expect([...map.range('', '\uffff')]).toEqual([])
    map.set('b', 2)
    expect([...map.range('', '\uffff')]).toEqual([2])
  })
})
