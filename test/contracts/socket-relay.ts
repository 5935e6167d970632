import { expect, it } from 'vitest'
import { NetlinkClient } from '../../agent/network/netlink/netlink-client.ts'
import { NETLINK_ROUTE } from '../../agent/network/netlink/with-netlink.ts'
import type { RuntimeSuite } from './runtime-suite.ts'

const RTM_NEWLINK = 16
const RTM_GETLINK = 18
const IFF_UP = 1

/** `struct ifinfomsg` of the loopback, with flags to set. */
function loopback(flags: number): Buffer {
  const header = Buffer.alloc(16)
  header.writeInt32LE(1, 4)
  header.writeUInt32LE(flags, 8)
  header.writeUInt32LE(flags, 12)
  return header
}

/** The part of every Runtime's contract that is about sockets in the network of a sandbox. */
export function socketTests({ harness, sandbox }: RuntimeSuite): void {
  const runtime = () => harness().runtime
  const { signal } = new AbortController()

  it('talks with the kernel as one in the network of a sandbox, who may change it', async () => {
    const relay = await runtime().openSockets((await sandbox()).id, signal)
    const route = new NetlinkClient(await relay.netlink(NETLINK_ROUTE))
    await route.request({ type: RTM_NEWLINK, payload: loopback(IFF_UP) })
    await route.dump({ type: RTM_GETLINK, payload: Buffer.alloc(16) })
    relay.close()
    await expect(route.request({ type: RTM_GETLINK, payload: loopback(0) })).rejects.toMatchObject({ code: 'ENOTCONN' })
  })

  it('gives the sockets of a sandbox to the newest who wants them, as often as that is', async () => {
    const { id } = await sandbox()
    const first = await runtime().openSockets(id, signal)
    const [udp, tcp] = [await first.udp('0.0.0.0', 53), await first.tcp('0.0.0.0', 53)]
    const letGo = new AbortController()
    const second = await runtime().openSockets(id, letGo.signal)
    await Promise.all([first.closed, udp.closed, tcp.closed])
    await expect(udp.send(Buffer.from('late'), { address: '127.0.0.1', port: 9 })).rejects.toThrow('ENOTCONN')
    await Promise.all([second.udp('0.0.0.0', 53), second.tcp('0.0.0.0', 53)])
    letGo.abort()
    await second.closed
    const third = await runtime().openSockets(id, signal)
    const again = await third.udp('0.0.0.0', 53)
    again.close()
    await again.closed
    await third.udp('0.0.0.0', 53)
    await runtime().stopSandbox(id)
    await third.closed
  })

  it('has no sockets in a sandbox that does not run, or is on the machine’s own network', async () => {
    const { id } = await sandbox({ hostNetwork: true })
    await expect(runtime().openSockets(id, signal)).rejects.toMatchObject({ code: 'invalid' })
    await runtime().stopSandbox(id)
    await expect(runtime().openSockets(id, signal)).rejects.toMatchObject({ code: 'notFound' })
  })
}
