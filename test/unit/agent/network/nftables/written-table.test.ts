import { expect, it } from 'vitest'
import { NetlinkClient } from '../../../../../agent/network/netlink/netlink-client.ts'
import { encodeRemoval } from '../../../../../agent/network/nftables/encode-change.ts'
import { WrittenTable } from '../../../../../agent/network/nftables/written-table.ts'
import { FakeNetfilter } from '../../../../support/fake-netfilter.ts'

it('writes a table again only where that, or anything else in the namespace, is not as it was left', async () => {
  const netfilter = new FakeNetfilter()
  const client = new NetlinkClient(await netfilter.relay().netlink(0))
  const table = new WrittenTable()
  const write = async (text: string) => {
    const before = netfilter.transactions.length
    await table.write(client, text, () => encodeRemoval({ name: 'a' }))
    return netfilter.transactions.length - before
  }
  expect([await write('one'), await write('one')]).toEqual([1, 0])
  expect([await write('two'), await write('two')]).toEqual([1, 0])
  netfilter.generation++
  expect([await write('two'), await write('two')]).toEqual([1, 0])
  netfilter.errno = 1
  await expect(write('three')).rejects.toThrow('EPERM')
  netfilter.errno = 0
  expect(await write('two')).toBe(1)
})

it('writes again where others have written at the same time', async () => {
  const netfilter = new FakeNetfilter()
  const client = new NetlinkClient(await netfilter.relay().netlink(0))
  const table = new WrittenTable()
  const messages = () => {
    netfilter.generation++
    return encodeRemoval({ name: 'a' })
  }
  await table.write(client, 'one', messages)
  await table.write(client, 'one', messages)
  expect(netfilter.transactions).toHaveLength(2)
})
