import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listFlows } from '../../agent/network/conntrack/tracked-flows.ts'
import { keepContainer } from '../../agent/network/fabric/kept-container.ts'
import { PodLinks } from '../../agent/network/fabric/pod-links.ts'
import { removeShortcuts, shortcutName, tableNames } from '../../agent/network/fabric/remove-shortcuts.ts'
import { Shortcuts } from '../../agent/network/fabric/shortcuts.ts'
import { Links } from '../../agent/network/netlink/links.ts'
import { NetlinkClient } from '../../agent/network/netlink/netlink-client.ts'
import { NETLINK_ROUTE } from '../../agent/network/netlink/with-netlink.ts'
import { rulesetGeneration } from '../../agent/network/nftables/ruleset-generation.ts'
import type { PodNetwork } from '../../agent/network/pod-network.ts'
import { SocketRelays } from '../../agent/network/socket-relays.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { Runtime, SandboxState } from '../../agent/runtime/runtime.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { eventually } from '../support/shell.ts'
import { loadTestImage } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const REFERENCE = 'kubette-test/links:1'
const NETLINK_NETFILTER = 12
/** A kernel without IPv6 has no such parameter. */
const SYSCTLS: Record<string, string> = existsSync('/proc/sys/net/ipv6')
  ? { 'net.ipv6.conf.default.disable_ipv6': '1' }
  : {}

const clock = systemClock()
const clusterId = `${process.pid}-links`
/** What the machine's parts are named by. */
const networkId = `l${process.pid}`

let runtime: Runtime
let network: PodNetwork
let relays: SocketRelays
let links: PodLinks
let uplinkId: string
let machine: Links

beforeAll(async () => {
  runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger })
  await loadTestImage({ reference: REFERENCE, clusterId })
  network = await joinTestNetwork(runtime, networkId)
  relays = new SocketRelays((id, signal) => runtime.openSockets(id, signal))
  uplinkId = await keepContainer(runtime, { name: 'uplink', network: 'host' })
  machine = new Links(new NetlinkClient(await (await relays.of(uplinkId)).netlink(NETLINK_ROUTE)))
  links = newLinks()
})
afterAll(async () => {
  await removeShortcuts(await relays.of(uplinkId), networkId)
  relays.close()
  await removeEverything({ clusterId, clock, log: silentLogger })
})

function newLinks(): PodLinks {
  const uplink = { links: async () => machine, drop: async () => {} }
  const made = new PodLinks({ runtime, relays, uplink, log: silentLogger })
  made.use(network)
  return made
}

/** A Pod with the address of a place, whose only container runs a script. */
async function run(place: number, script: string): Promise<{ sandbox: SandboxState; id: string }> {
  const pod = { uid: `${place}${clusterId}`, namespace: 'default', name: `pod-${place}` }
  const sandbox = await runtime.runSandbox({
    ...{ pod, hostname: pod.name, hosts: [], ports: [], hostNetwork: false, volumes: [], sysctls: SYSCTLS },
    ...{ address: addressOf(place), linkedBy: 'agent', dns: { servers: ['192.0.2.53'], searches: [], options: [] } },
  })
  await links.join(sandbox)
  const image = await runtime.inspectImage(REFERENCE)
  const id = await runtime.createContainer({
    ...{ pod, sandboxId: sandbox.id, name: 'main', restartCount: 0, specHash: '', annotations: {} },
    ...{ image: REFERENCE, imageId: image?.id ?? '', command: ['sh', '-c', script], env: [], resources: {} },
    ...{ oomScoreAdj: 0, tty: false, stdin: false, stdinOnce: false, mounts: [] },
  })
  await runtime.startContainer(id)
  return { sandbox, id }
}

function linkOf({ id }: SandboxState): string {
  return `kbl${id.slice(0, 12)}`
}

function addressOf(place: number): string {
  return network.gateway.replace(/\d+$/, String(place))
}

describe('the links of Pods on Docker', () => {
  it('connect them, as Docker’s own would, and come again when somebody takes them', async () => {
    const server = await run(10, 'nc -ll -p 80 -e echo hello')
    const client = await run(11, 'sleep 1000')
    const inClient = async (script: string) => (await runtime.exec(client.id, ['sh', '-c', script], 20_000)).output
    const greeting = () => inClient(`until nc ${addressOf(10)} 80; do sleep 0.1; done`)
    expect(await greeting()).toBe('hello\n')
    const address = `inet ${addressOf(11)}/24 brd ${addressOf(255)} scope global eth0`
    const shown = await inClient('ip addr; ip route; cat /etc/hosts /etc/hostname /etc/resolv.conf')
    expect(shown).toContain(address)
    expect(shown).toContain(`default via ${network.gateway} dev eth0`)
    expect(shown).toContain(`${addressOf(11)}\tpod-11\n`)
    expect(shown).toMatch(/\npod-11\nnameserver 192.0.2.53\n$/)
    // None that a router could give it, as Docker has it where a network has no IPv6.
    expect(shown).not.toContain('inet6 fe80')
    // Where packets are lost, three questions are too few.
    const asking = await inClient('cd /proc/sys/net/ipv4/neigh/eth0; cat mcast_solicit ucast_solicit retrans_time_ms')
    expect(asking).toBe('10\n10\n300\n')

    const gone = await machine.find(linkOf(server.sandbox))
    await machine.delete(gone?.index ?? 0)
    const next = newLinks()
    next.adopt(server.sandbox)
    next.adopt(client.sandbox)
    await next.mend(await machine.list())
    expect(await greeting()).toBe('hello\n')
    await runtime.removeContainer(client.id)
    await runtime.removeSandbox(client.sandbox.id)
    await eventually('its link is gone', async () => !(await machine.find(linkOf(client.sandbox))))
  })

  it('have what a Pod and a forwarder send each other pass without the machine’s rules, but not what published ports or other Pods do', async () => {
    const relay = await relays.of(uplinkId)
    const netfilter = new NetlinkClient(await relay.netlink(NETLINK_NETFILTER))
    const server = await run(20, 'for port in 80 81 82; do nc -ll -p $port -e echo hello & done; wait')
    const client = await run(21, 'sleep 1000')
    const other = await run(22, 'nc -ll -p 80 -e echo hello')
    /** Whose packets of a connection the machine kept account of, as it may do for what is bridged: who was met with the first. */
    const tracked = async (port: number, server = addressOf(20)) => {
      const ask = `until nc ${server} ${port}; do sleep 0.1; done`
      expect((await runtime.exec(client.id, ['sh', '-c', ask], 20_000)).output).toBe('hello\n')
      const met = (await listFlows(netfilter, 'TCP')).map(({ frontend }) => frontend)
      const toServer = met.some((frontend) => frontend === `${server}:${port}/TCP`)
      return { toServer, toClient: met.some((frontend) => frontend.startsWith(`${addressOf(21)}:`)) }
    }
    const { toServer: isBridgeTracked } = await tracked(80)
    const shortcuts = new Shortcuts({ relays, clusterId: networkId, clock, log: silentLogger })
    for (const { sandbox } of [client, other]) shortcuts.cover(sandbox)
    shortcuts.cover({ ...server.sandbox, publishedPorts: [82] })
    const ranges = { clusterCIDR: network.subnet, serviceCIDR: '', peers: [] }
    const place = { uplinkId, state: { ...ranges, own: { podCIDR: network.subnet } } }
    shortcuts.keep(place)
    const name = shortcutName(networkId, network.subnet)
    const areMade = async () => (await tableNames(netfilter)).includes(name)
    await eventually('they are made', areMade)
    expect(await rulesetGeneration(netfilter)).toBeGreaterThan(0)
    await removeShortcuts(relay, networkId)
    shortcuts.keep(place)
    await eventually('they are made again after somebody took them away', areMade)
    expect(await tracked(80, addressOf(22))).toMatchObject({ toServer: isBridgeTracked })
    expect(await tracked(81)).toEqual({ toServer: false, toClient: false })
    expect(await tracked(82)).toEqual({ toServer: false, toClient: isBridgeTracked })
    shortcuts.stop()
    await removeShortcuts(relay, networkId)
    expect(await tableNames(netfilter)).not.toContain(name)
  })
})
