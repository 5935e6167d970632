import { expect, it } from 'vitest'
import { Tunnel } from '../../../../../agent/network/fabric/tunnel.ts'
import { ForwardingRows } from '../../../../../agent/network/netlink/forwarding-rows.ts'
import { Links } from '../../../../../agent/network/netlink/links.ts'
import { decodeAttributes } from '../../../../../agent/network/netlink/netlink-attributes.ts'
import { NetlinkClient } from '../../../../../agent/network/netlink/netlink-client.ts'
import { FakeKernel } from '../../../../support/fake-kernel.ts'

it('sends from few ports, as the machine may keep account of each', async () => {
  const machine = new FakeKernel()
  machine.addLink({ name: 'kbb-abcdefgh', mtu: 1_450 })
  const client = new NetlinkClient(await machine.relay().netlink(0))
  const links = new Links(client)
  const tunnel = new Tunnel('abcdefghijkl', links, new ForwardingRows(client))
  await tunnel.make({ machines: ['192.0.2.2'], mtu: 1_450 }, await links.list(), true)
  const range = decodeAttributes(machine.link('kbv-abcdefgh')?.vxlan ?? Buffer.alloc(0)).get(10)
  expect([range?.readUInt16BE(0), range?.readUInt16BE(2)]).toEqual([49_152, 49_216])
})
