import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import type { NameRule } from './names.ts'

/** An address of the Internet Protocol, of either version. */
export const isAddress: NameRule = (text) =>
  isIP(text) === 0 ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : []

export const isIPv4Address: NameRule = (text) => (isIPv4(text) ? [] : ['must be a valid IPv4 address'])

export const isIPv6Address: NameRule = (text) => (isIPv6(text) ? [] : ['must be a valid IPv6 address'])

/** `10.9.8.0/24`: a range of addresses. */
export const isCidr: NameRule = (text) => {
  const [address = '', length = '', ...more] = text.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  const isRange = more.length === 0 && /^(0|[1-9]\d*)$/.test(length) && Number(length) <= most
  return isRange ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']
}

const LOOPBACK = blockOf(['127.0.0.0', 8], ['::1', 128])
const LINK_LOCAL = blockOf(['169.254.0.0', 16], ['fe80::', 10])
const LINK_LOCAL_MULTICAST = blockOf(['224.0.0.0', 24], ['ff02::', 16])

/** An address that a Service may send to: not the machine itself, nor one that holds on one link only. */
export const isUnicastElsewhere: NameRule = (text) => {
  const family = isIPv6(text) ? 'ipv6' : 'ipv4'
  if (isIP(text) === 0) return isAddress(text)
  return [
    ...(/^[0.:]+$/.test(text) ? [`may not be unspecified (${text})`] : []),
    ...(LOOPBACK.check(text, family) ? ['may not be in the loopback range (127.0.0.0/8, ::1/128)'] : []),
    ...(LINK_LOCAL.check(text, family) ? ['may not be in the link-local range (169.254.0.0/16, fe80::/10)'] : []),
    ...(LINK_LOCAL_MULTICAST.check(text, family)
      ? ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)']
      : []),
  ]
}

function blockOf(...ranges: readonly [address: string, length: number][]): BlockList {
  const block = new BlockList()
  for (const [address, length] of ranges) block.addSubnet(address, length, isIPv6(address) ? 'ipv6' : 'ipv4')
  return block
}
