import fc from 'fast-check'
import { expect, it } from 'vitest'
import { numberedEndpoints } from '../../../../../agent/network/services/numbered-endpoints.ts'

const endpoints = fc.uniqueArray(fc.constantFrom(...'abcdefghij'))

it('has each endpoint once, and gives no more of them another number than came or went', () => {
  fc.assert(
    fc.property(endpoints, endpoints, (before, now) => {
      const numbered = numberedEndpoints(before, now)
      expect(numbered.toSorted()).toEqual(now.toSorted())
      const gone = before.filter((endpoint) => !now.includes(endpoint)).length
      const moved = numbered.filter((endpoint, place) => before.includes(endpoint) && before[place] !== endpoint)
      expect(moved.length).toBeLessThanOrEqual(gone)
    }),
  )
})

it('moves the last into the place of one that is gone', () => {
  expect(numberedEndpoints(['a', 'b', 'c', 'd'], ['a', 'c', 'd'])).toEqual(['a', 'd', 'c'])
  expect(numberedEndpoints(['a', 'b'], ['c', 'a'])).toEqual(['a', 'c'])
})
