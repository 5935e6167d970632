import { afterEach, describe, expect, it } from 'vitest'
import type { Runtime, SandboxSpec, SandboxState } from '../../agent/runtime/runtime.ts'
import type { RuntimeHarness } from './runtime-harness.ts'

interface Suite {
  harness(): RuntimeHarness
  sandbox(more?: Partial<SandboxSpec>): Promise<SandboxState>
}

/** The part of every Runtime's contract that is about the Pods' network and the node's own containers in it. */
export function networkTests({ harness, sandbox }: Suite): void {
  const runtime = (): Runtime => harness().runtime
  const address = (place: number) => harness().network.gateway.replace(/\d+$/, String(place))
  const names = async () => (await runtime().networkContainers()).map(({ name }) => name)

  describe('in the network of Pods', () => {
    afterEach(async () => {
      for (const { id } of await runtime().networkContainers()) await runtime().removeNetworkContainer(id)
    })

    it('gives a sandbox the address that it shall have, and nobody else while it runs', async () => {
      const first = await sandbox({ address: address(77) })
      expect(first.ip).toBe(address(77))
      await expect(sandbox({ address: address(77) })).rejects.toMatchObject({ message: /already in use/i })
      await runtime().stopSandbox(first.id)
      await harness().eventually(async () =>
        (await runtime().list(first.pod.uid)).sandboxes.every(({ running }) => !running),
      )
      expect((await sandbox({ address: address(77) })).ip).toBe(address(77))
    })

    it('leaves the link of a sandbox to the agent, and tells what that takes', async () => {
      const dns = { servers: ['192.0.2.53'], searches: [], options: [] }
      const wanted = { address: address(78), dns, linkedBy: 'agent' } as const
      const first = await sandbox(wanted)
      expect(first).toMatchObject({ ip: address(78), running: true, process: expect.any(Number) })
      expect((await runtime().list(first.pod.uid)).sandboxes).toEqual([first])
      await (await runtime().openSockets(first.id, new AbortController().signal)).netlink(0)
      await runtime().stopSandbox(first.id)
      await harness().eventually(async () => {
        const [found] = (await runtime().list(first.pod.uid)).sandboxes
        return found?.running === false && found.ip === undefined && found.process === undefined
      })
      const publishing = { ...wanted, ports: [{ containerPort: 80, hostPort: 18_080, protocol: 'TCP' } as const] }
      for (const impossible of [publishing, { dns, linkedBy: 'agent' } as const, { ...wanted, hostNetwork: true }]) {
        await expect(sandbox(impossible)).rejects.toMatchObject({ code: 'invalid' })
      }
    })

    it('has the network already, or says what is in the way', async () => {
      const { network } = harness()
      expect(await runtime().ensurePodNetwork({ ...network, mtu: 1300, gateway: address(9) })).toEqual(network)
      expect(await runtime().podNetwork(network.name)).toEqual(network)
      expect(await runtime().podNetwork('another')).toBeUndefined()
      const other = { ...network, subnet: '10.255.252.0/24' }
      await expect(runtime().ensurePodNetwork(other)).rejects.toMatchObject({
        code: 'conflict',
        message: `network ${other.name} exists with the range ${network.subnet}, not 10.255.252.0/24`,
      })
    })

    it('runs containers of the node’s own, which are no Pod’s', async () => {
      const id = await runtime().runNetworkContainer({ name: 'gateway', network: { address: address(2) } })
      await runtime().runNetworkContainer({ name: 'uplink', network: 'host' })
      expect(await runtime().networkContainers()).toContainEqual({
        ...{ id, name: 'gateway', running: true, ip: address(2) },
      })
      expect((await names()).sort()).toEqual(['gateway', 'uplink'])
      const onMachine = (await runtime().networkContainers('machine')).map(({ name }) => name)
      expect(onMachine).toEqual(expect.arrayContaining(['gateway', 'uplink']))
      expect(await runtime().list()).toMatchObject({ sandboxes: [], containers: [] })
      await expect(runtime().runNetworkContainer({ name: 'uplink', network: 'host' })).rejects.toMatchObject({
        code: 'conflict',
      })
      const relay = await runtime().openSockets(id, new AbortController().signal)
      await relay.udp(address(2), 53)
      await runtime().removeNetworkContainer(id)
      await relay.closed
      await runtime().removeNetworkContainer(id)
      expect(await names()).toEqual(['uplink'])
    })

    it('tells which of them changed', async () => {
      const stop = new AbortController()
      const seen: string[] = []
      const listening = (async () => {
        for await (const { name } of runtime().networkEvents(stop.signal)) seen.push(name)
      })()
      const id = await runtime().runNetworkContainer({ name: 'gateway', network: { address: address(2) } })
      await harness().eventually(() => seen.includes('gateway'))
      seen.length = 0
      await runtime().removeNetworkContainer(id)
      await harness().eventually(() => seen.includes('gateway'))
      stop.abort()
      await listening
    })
  })
}
