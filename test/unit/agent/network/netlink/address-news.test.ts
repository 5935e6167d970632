import { expect, it } from 'vitest'
import { addressNews } from '../../../../../agent/network/netlink/address-news.ts'
import { ipv4Bytes } from '../../../../../agent/network/netlink/ipv4-bytes.ts'
import { attribute } from '../../../../../agent/network/netlink/netlink-attributes.ts'

const NEWADDR = 20
const DELADDR = 21
const ADDRESS = 1
const LOCAL = 2
const SCOPE_LINK = 253

function payload(scope: number, ...attributes: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([0, 24, 0, scope, 2, 0, 0, 0]), ...attributes])
}

it('tells of addresses by which others know the machine, as sockets write them', () => {
  const peer = attribute(ADDRESS, ipv4Bytes('192.0.2.200'))
  const own = payload(0, peer, attribute(LOCAL, ipv4Bytes('192.0.2.1')))
  expect(addressNews({ type: DELADDR, payload: own })).toEqual({ address: '192.0.2.1', isGone: true })
  const ipv6 = payload(0, attribute(ADDRESS, Buffer.from('20010db8000000000000000000000001', 'hex')))
  expect(addressNews({ type: NEWADDR, payload: ipv6 })).toEqual({ address: '2001:db8::1', isGone: false })
})

it('leaves out those of a single link, and other news', () => {
  const local = attribute(ADDRESS, Buffer.from('fe800000000000000000000000000001', 'hex'))
  expect(addressNews({ type: NEWADDR, payload: payload(SCOPE_LINK, local) })).toBeUndefined()
  expect(addressNews({ type: 16, payload: payload(0, local) })).toBeUndefined()
})
