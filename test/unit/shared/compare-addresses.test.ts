import { expect, it } from 'vitest'
import { compareAddresses } from '../../../shared/compare-addresses.ts'

it('orders addresses of IPv4 by their numbers', () => {
  const addresses = ['10.42.1.2', '10.42.0.10', '192.168.0.1', '10.42.0.9', '9.0.0.1']
  expect(addresses.sort(compareAddresses)).toEqual(['9.0.0.1', '10.42.0.9', '10.42.0.10', '10.42.1.2', '192.168.0.1'])
})

it('orders others too, and says when two are the same', () => {
  expect(['fd00::b', 'fd00::a'].sort(compareAddresses)).toEqual(['fd00::a', 'fd00::b'])
  expect(compareAddresses('10.42.0.9', '10.42.0.9')).toBe(0)
})
