import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeAttributes, text, textOf } from '../../agent/network/netlink/netlink-attributes.ts'
import { NetlinkClient, type NetlinkRequest } from '../../agent/network/netlink/netlink-client.ts'
import { NETLINK_NETFILTER, NETLINK_ROUTE } from '../../agent/network/netlink/with-netlink.ts'
import { type Frontend, type FrontendVerdict, frontendKey } from '../../agent/network/services/frontend.ts'
import { RoleRules } from '../../agent/network/services/role-rules.ts'
import { DockerApi } from '../../agent/runtime/docker/docker-api.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { Runtime, SandboxState } from '../../agent/runtime/runtime.ts'
import type { SocketRelay } from '../../agent/runtime/socket-relay.ts'
import { systemClock } from '../../shared/clock.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../shared/cluster-facts.ts'
import { silentLogger } from '../../shared/log.ts'
import { loadTestImage } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const RTM_GETADDR = 22
const IFA_ADDRESS = 1
const NFTABLES = 10
const [NEWTABLE, GETTABLE, DELTABLE, NEWCHAIN, GETCHAIN] = [0xa00, 0xa01, 0xa02, 0xa03, 0xa04]
const CREATE = 0x400
const IPV4 = Buffer.from([2, 0, 0, 0])
const CAP_NET_ADMIN = 12
const REFERENCE = 'kubette-test/sockets:1'

const clock = systemClock()
const clusterId = `${process.pid}-sockets`
const { signal } = new AbortController()
let runtime: Runtime
let sandboxes: [SandboxState, SandboxState]
let relays: [SocketRelay, SocketRelay]

beforeAll(async () => {
  runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger })
  await loadTestImage({ reference: REFERENCE, clusterId })
  await joinTestNetwork(runtime, `s${process.pid}`)
  const run = (number: number) =>
    runtime.runSandbox({
      pod: { uid: `${number}${clusterId}`, namespace: 'default', name: `pod-${number}` },
      ...{ hostname: 'sockets', hosts: [], ports: [], hostNetwork: false, volumes: [] },
    })
  sandboxes = await Promise.all([run(1), run(2)])
  relays = [await runtime.openSockets(sandboxes[0].id, signal), await runtime.openSockets(sandboxes[1].id, signal)]
})
afterAll(() => removeEverything({ clusterId, clock, log: silentLogger }))

describe.concurrent('the sockets of a sandbox', () => {
  it('tell of the links and addresses of the sandbox', async () => {
    const route = new NetlinkClient(await relays[0].netlink(NETLINK_ROUTE))
    const addresses = await route.dump({ type: RTM_GETADDR, payload: Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]) })
    const found = addresses.map(({ payload }) => decodeAttributes(payload.subarray(8)).get(IFA_ADDRESS)?.join('.'))
    expect(found.sort()).toEqual([sandboxes[0].ip, '127.0.0.1'].sort())
    route.close()
  })

  it('change nftables in transactions, of which all happens or nothing', async () => {
    const nftables = new NetlinkClient(await relays[0].netlink(NETLINK_NETFILTER))
    const table = (type: number, name: string): NetlinkRequest => ({
      type,
      flags: type === NEWTABLE ? CREATE : 0,
      payload: Buffer.concat([IPV4, text(1, name)]),
    })
    const chain = (name: string): NetlinkRequest => ({
      type: NEWCHAIN,
      flags: CREATE,
      payload: Buffer.concat([IPV4, text(1, 'kubette'), text(3, name)]),
    })
    const tables = async () => {
      const found = await nftables.dump({ type: GETTABLE, payload: Buffer.alloc(4) })
      const names = found.map(({ payload }) => textOf(decodeAttributes(payload.subarray(4)).get(1) ?? Buffer.alloc(0)))
      // Docker has one of its own, for its names.
      return names.filter((name) => name !== 'nat')
    }
    await nftables.batch(NFTABLES, [table(NEWTABLE, 'kubette')])
    expect(await tables()).toEqual(['kubette'])
    const wrong = nftables.batch(NFTABLES, [table(NEWTABLE, 'other'), table(DELTABLE, 'nothing')])
    await expect(wrong).rejects.toMatchObject({ code: 'ENOENT', index: 1 })
    expect(await tables()).toEqual(['kubette'])
    const many = Array.from({ length: 20_000 }, (_, i) => chain(`a-chain-with-a-long-name-${i}`))
    await nftables.batch(NFTABLES, many)
    const chains = await nftables.dump({ type: GETCHAIN, payload: IPV4 })
    expect(chains.filter(({ payload }) => payload.includes('long-name'))).toHaveLength(20_000)
    await nftables.batch(NFTABLES, [table(DELTABLE, 'kubette')])
    expect(await tables()).toEqual([])
    nftables.close()
  })

  it('change the rules of Services by many changes in one transaction', async () => {
    const kernel = new NetlinkClient(await relays[0].netlink(NETLINK_NETFILTER))
    const role = new RoleRules('pod', DEFAULT_CLUSTER_FACTS)
    const give = (held?: number) => kernel.batch(NFTABLES, role.stepFrom(held)?.messages ?? [])
    const of = (count: number, rest = {}): Frontend => {
      const endpoints = Array.from({ length: count }, (_, place) => `10.42.0.${place + 4}:8080`)
      const verdict: FrontendVerdict = count > 0 ? { type: 'balance', endpoints, ...rest } : { type: 'reject' }
      return { address: '10.43.7.18', protocol: 'TCP', port: 80, verdict, ...rest }
    }
    const changes = [of(2), of(1), of(2, { affinitySeconds: 5 }), of(0), of(3, { sourceRanges: ['10.0.0.0/8'] }), of(2)]
    let version = 0
    const update = (change?: Frontend) =>
      role.update(++version, new Map([['a', new Map(change ? [[frontendKey(change), change]] : [])]]))
    update(of(2))
    await give()
    for (const change of [...changes, undefined, ...changes]) update(change)
    await give(1)
    for (const change of changes) {
      update(change)
      await give(version - 1)
    }
    kernel.close()
  })

  it('reach others on the network, and are reached', async () => {
    const [here, there] = [await relays[0].udp('0.0.0.0', 5300), await relays[1].udp('0.0.0.0', 5300)]
    there.onMessage((data, from) => void there.send(Buffer.concat([data, Buffer.from(' pong')]), from))
    const answered = new Promise((resolve) => here.onMessage((data, from) => resolve([data.toString(), from])))
    const to = { address: sandboxes[1].ip ?? '', port: 5300 }
    await here.send(Buffer.from('ping'), to)
    expect(await answered).toEqual(['ping pong', to])
    const host = createSocket('udp4')
    host.send('from outside', 5300, sandboxes[1].ip)
    const [answer] = await once(host, 'message')
    expect(answer.toString()).toBe('from outside pong')
    host.close()
  })

  it('serve TCP', async () => {
    const listener = await relays[0].tcp('0.0.0.0', 5301)
    listener.onConnection(async (connection) => {
      for await (const data of connection.input) await connection.write(data)
      connection.close()
    })
    const connection = await runtime.connect(sandboxes[0].id, 5301, signal)
    await connection.write(Buffer.alloc(50_000, 'x'))
    connection.endInput()
    expect((await buffer(connection.output)).length).toBe(50_000)
  })

  it('do not make the containers of the Pod mighty', async () => {
    const image = await runtime.inspectImage(REFERENCE)
    const id = await runtime.createContainer({
      ...{ pod: sandboxes[0].pod, sandboxId: sandboxes[0].id, name: 'web', restartCount: 0, specHash: 'a' },
      ...{
        image: REFERENCE,
        imageId: image?.id ?? '',
        command: ['sleep', '100'],
        env: [],
        mounts: [],
        annotations: {},
      },
      ...{ resources: {}, oomScoreAdj: 0, tty: false, stdin: false, stdinOnce: false },
    })
    await runtime.startContainer(id)
    const { output } = await runtime.exec(id, ['grep', 'CapBnd', '/proc/1/status'], 10_000)
    const capabilities = Number.parseInt(output.split(':')[1] ?? '', 16)
    expect(capabilities).toBeGreaterThan(0)
    expect(Math.floor(capabilities / 2 ** CAP_NET_ADMIN) % 2).toBe(0)
  })

  it('are there when the sandbox itself cannot serve', async () => {
    const pod = { uid: `3${clusterId}`, namespace: 'default', name: 'pod-3' }
    const more = { hostname: 'sockets', hosts: [], ports: [], hostNetwork: false, volumes: [] }
    const { id } = await runtime.runSandbox({ pod, ...more })
    const docker = new DockerApi({}, clock)
    const attach = { method: 'POST', path: `/containers/${id}/attach`, query: { stream: true, stdin: true } } as const
    const stuck = await docker.hijack(attach, signal)
    stuck.write(Buffer.from([0, 0, 1, 0, 6]))
    const relay = await runtime.openSockets(id, signal)
    await relay.netlink(NETLINK_ROUTE)
    relay.close()
    stuck.destroy()
  })
})
