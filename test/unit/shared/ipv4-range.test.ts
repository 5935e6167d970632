import { describe, expect, it } from 'vitest'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'

describe('a range of addresses', () => {
  it('has each of its addresses at a place', () => {
    const range = Ipv4Range.parse('10.43.0.0/16')
    expect(range.size).toBe(65_536)
    expect([0, 1, 256, 65_535].map((place) => range.at(place))).toEqual([
      '10.43.0.0',
      '10.43.0.1',
      '10.43.1.0',
      '10.43.255.255',
    ])
    expect(range.placeOf('10.43.1.0')).toBe(256)
    expect(['10.42.255.255', '10.44.0.0', 'fd00::1', '', '10.43.0.01'].map((text) => range.placeOf(text))).toEqual(
      Array(5).fill(undefined),
    )
    expect(Ipv4Range.parse('0.0.0.0/0').placeOf('255.255.255.255')).toBe(2 ** 32 - 1)
  })

  it('overlaps another, or not', () => {
    const range = Ipv4Range.parse('10.42.1.0/24')
    const overlapping = ['10.42.0.0/16', '10.42.1.128/25', '10.42.1.0/24', '10.42.0.0/24', '10.42.2.0/24']
    expect(overlapping.map((text) => range.overlaps(Ipv4Range.parse(text)))).toEqual([true, true, true, false, false])
  })

  it.each(['10.43.0.0', '10.43.0.0/33', '10.43.0.0/08', '10.43.0/16', 'fd00::/64', '10.43.0.0/16/1', ''])(
    'is not "%s"',
    (text) => {
      expect(() => Ipv4Range.parse(text)).toThrow(`${text} is no range of IPv4 addresses, such as 10.43.0.0/16`)
    },
  )

  it('begins where it can', () => {
    expect(() => Ipv4Range.parse('10.43.5.0/16')).toThrow(
      '10.43.5.0/16 does not begin where a range of its size can: 10.43.0.0/16 does',
    )
  })
})
