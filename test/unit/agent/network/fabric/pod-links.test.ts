import { beforeEach, describe, expect, it } from 'vitest'
import { PodLinks } from '../../../../../agent/network/fabric/pod-links.ts'
import { Links } from '../../../../../agent/network/netlink/links.ts'
import { NetlinkClient } from '../../../../../agent/network/netlink/netlink-client.ts'
import type { SandboxState } from '../../../../../agent/runtime/runtime.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { FakeKernel } from '../../../../support/fake-kernel.ts'

const NETWORK = { name: 'pods', bridge: 'kbb-a', subnet: '10.42.0.0/15', gateway: '10.42.0.1', mtu: 1_350 }
const ID = 'abcdefabcdefabcdef'
const HERE = 'kblabcdefabcdef'

describe('PodLinks', () => {
  let machine: FakeKernel
  let inside: FakeKernel
  let listed: SandboxState[]
  let drops: number
  let links: PodLinks

  const sandbox = (more: Partial<SandboxState> = {}): SandboxState => {
    const pod = { uid: 'u', namespace: 'default', name: 'web' }
    return { id: ID, pod, running: true, createdAt: '', ip: '10.42.0.4', process: 7, ...more }
  }
  const machineLinks = async () => new Links(new NetlinkClient(await machine.relay().netlink(0)))
  const mend = async () => links.mend(await (await machineLinks()).list())
  const newLinks = () => {
    const uplink = {
      links: machineLinks,
      drop: async () => void drops++,
    }
    const relays = { of: async () => inside.relay() }
    const made = new PodLinks({
      ...{ uplink, relays, log: silentLogger },
      runtime: { list: async () => ({ sandboxes: listed, containers: [], volumes: [] }) },
    })
    made.use(NETWORK)
    return made
  }
  const bridgeIndex = () => machine.link('kbb-a')?.index
  const isLinked = () => {
    const here = machine.link(HERE)
    const there = inside.link('eth0')
    return here !== undefined && here.master === bridgeIndex() && there?.other === here.index
  }

  beforeEach(() => {
    machine = new FakeKernel()
    machine.addLink({ name: 'kbb-a', mtu: 1_350 })
    inside = new FakeKernel()
    machine.processes.set(7, inside)
    listed = [sandbox()]
    drops = 0
    links = newLinks()
  })

  it('makes a port of the bridge whose other end is in the sandbox, with its address', async () => {
    await Promise.all([links.join(sandbox()), links.join(sandbox())])
    expect(isLinked()).toBe(true)
    expect([machine.link(HERE)?.mtu, inside.link('eth0')?.mtu]).toEqual([1_350, 1_350])
    expect([...inside.addresses.keys()]).toEqual(['10.42.0.4'])
    expect(inside.gateway).toBe('10.42.0.1')
  })

  it('leaves sandboxes alone that the runtime links', async () => {
    const { process: _, ...linked } = sandbox()
    await links.join(linked)
    expect(inside.link('eth0')).toBeUndefined()
  })

  it('says why a sandbox cannot be linked, and tries again when it is asked again', async () => {
    machine.removeLink('kbb-a')
    await expect(links.join(sandbox())).rejects.toThrow('could not link the sandbox to the network: there is no bridge')
    machine.addLink({ name: 'kbb-a', mtu: 1_350 })
    await links.join(sandbox())
    expect(isLinked()).toBe(true)
  })

  it('takes another container for the machine’s network where its own does not see the process', async () => {
    machine.processes.clear()
    await expect(links.join(sandbox())).rejects.toMatchObject({ code: 'failed' })
    expect(drops).toBe(1)
  })

  it('links a sandbox anew that was started again', async () => {
    await links.join(sandbox())
    const before = inside
    inside = new FakeKernel()
    machine.processes.set(8, inside)
    await links.join(sandbox({ process: 8 }))
    expect(isLinked()).toBe(true)
    expect(before.link('eth0')).toBeUndefined()
  })

  it('finishes what an earlier agent began, and leaves what it finished', async () => {
    await links.join(sandbox())
    inside.addresses.clear()
    const index = machine.link(HERE)?.index
    links = newLinks()
    links.adopt(sandbox())
    expect(await mend()).toBe(true)
    expect(await mend()).toBe(false)
    expect(machine.link(HERE)?.index).toBe(index)
    expect([...inside.addresses.keys()]).toEqual(['10.42.0.4'])
    machine.removeLink(HERE)
    links = newLinks()
    links.adopt(sandbox())
    await mend()
    expect(isLinked()).toBe(true)
  })

  it('mends what somebody took away, for as long as the sandbox runs', async () => {
    await links.join(sandbox())
    expect([links.isKept(HERE), links.isKept('kblother')]).toEqual([true, false])
    machine.removeLink(HERE)
    await mend()
    expect(isLinked()).toBe(true)
    machine.removeLink('kbb-a')
    machine.addLink({ name: 'kbb-a', mtu: 1_350 })
    await mend()
    expect(isLinked()).toBe(true)
    machine.removeLink(HERE)
    listed = [{ ...sandbox(), running: false }]
    await mend()
    expect([isLinked(), links.isKept(HERE)]).toEqual([false, false])
  })

  it('does not mend the link of a sandbox that is to end', async () => {
    await links.join(sandbox())
    links.leave(ID)
    machine.removeLink(HERE)
    await mend()
    expect(isLinked()).toBe(false)
  })
})
