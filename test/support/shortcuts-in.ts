import { decodeAttributes, listAttributes, textOf } from '../../agent/network/netlink/netlink-attributes.ts'
import type { FakeNetfilter } from './fake-netfilter.ts'

const NEWCHAIN = 3
const NEWSETELEM = 12
const NOTHING = Buffer.alloc(0)

/** What a node's table of shortcuts holds: whose packets enter it, and the elements of its sets. */
export function shortcutsIn(netfilter: FakeNetfilter, table: string) {
  const attributes = ({ payload }: { payload: Buffer }) => decodeAttributes(payload.subarray(4))
  const messages = netfilter.tables.get(table) ?? []
  const hooks = messages.flatMap((message) => {
    const hook = (message.type & 0xff) === NEWCHAIN ? attributes(message).get(4) : undefined
    return hook ? [textOf(decodeAttributes(hook).get(3) ?? NOTHING)] : []
  })
  const keysOf = (set: string) => {
    const added = messages.find((message) => {
      return (message.type & 0xff) === NEWSETELEM && textOf(attributes(message).get(2) ?? NOTHING) === set
    })
    const elements = listAttributes((added && attributes(added).get(3)) ?? NOTHING)
    return elements.map(({ value }) => [...(decodeAttributes(value).get(1) ?? [])].slice(4, 8).join('.'))
  }
  const [pods, forwarders, ends] = ['pods', 'forwarders', 'ends'].map(keysOf)
  return { hooks, pods, forwarders, ends, ranges: keysOf('ranges-24') }
}
