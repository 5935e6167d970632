import { expect, it } from 'vitest'
import { decodeAddress, encodeAddress } from '../../../../../../agent/runtime/docker/sockets/socket-addresses.ts'

it.each([
  ['10.42.0.2', '020000350a2a0002'],
  ['::', `0a000035${'00'.repeat(20)}`],
  ['::1', `0a000035${'00'.repeat(19)}01`],
  ['2001:db8::8:800:200c:417a', '0a0000350000000020010db80000000000080800200c417a'],
  ['1:2:3:4:5:6:7:8', '0a0000350000000000010002000300040005000600070008'],
])('%s is an address of a socket, both ways', (address, start) => {
  const bytes = encodeAddress({ address, port: 53 })
  expect(bytes.toString('hex').startsWith(start)).toBe(true)
  expect(bytes.length).toBe(address.includes(':') ? 28 : 16)
  expect(decodeAddress(bytes)).toEqual({ address, port: 53 })
})

it('an IPv4 address may be the end of an IPv6 one', () => {
  const bytes = encodeAddress({ address: '::ffff:10.1.2.3', port: 1 })
  expect(bytes.subarray(8, 24).toString('hex')).toBe('00000000000000000000ffff0a010203')
})

it('what is no IP address is refused, and netlink has none', () => {
  expect(() => encodeAddress({ address: 'localhost', port: 53 })).toThrow('no IP address: localhost')
  expect(decodeAddress(Buffer.from('100000000000000000000000', 'hex'))).toBeUndefined()
})
