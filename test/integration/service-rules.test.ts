import { createSocket } from 'node:dgram'
import { type AddressInfo, connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SHORT_MEMORY } from '../../agent/network/conntrack/short-memory.ts'
import { forgetFlow, listFlows, type TrackedFlow } from '../../agent/network/conntrack/tracked-flows.ts'
import { NetlinkClient } from '../../agent/network/netlink/netlink-client.ts'
import { NETLINK_NETFILTER } from '../../agent/network/netlink/with-netlink.ts'
import { NetworkState } from '../../agent/network/network-state.ts'
import { HealthChecks } from '../../agent/network/node-ports/health-checks.ts'
import { NodePorts } from '../../agent/network/node-ports/node-ports.ts'
import { ReturnPaths } from '../../agent/network/node-ports/return-paths.ts'
import { ServiceRules } from '../../agent/network/services/service-rules.ts'
import type { SandboxState } from '../../agent/runtime/runtime.ts'
import type { ServiceSpec } from '../../shared/api/generated/core-v1.ts'
import { sleep, systemClock } from '../../shared/clock.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../shared/cluster-facts.ts'
import { silentLogger } from '../../shared/log.ts'
import type { EventReport } from '../../shared/protocol/frames.ts'
import { fromMachine } from '../support/from-machine.ts'
import { freePort } from '../support/kubette.ts'
import { aNode, anEndpoint, aService, aSlice, networkFrame } from '../support/network-objects.ts'
import { ServiceNamespaces } from '../support/service-namespaces.ts'

const clock = systemClock()
const machineAddress =
  Object.values(networkInterfaces())
    .flat()
    .find((own) => own?.family === 'IPv4' && !own.internal)?.address ?? ''
const ENDING = { ready: false, serving: true, terminating: true }

/** On real Docker and its kernel: one sandbox asks, two answer. */
describe('the rules of Services', () => {
  const namespaces = new ServiceNamespaces('services')
  let network = new NetworkState({ clock, log: silentLogger })
  const { runtime, relays } = namespaces
  const common = { nodeName: 'here', network, runtime, clock, log: silentLogger }
  let rules = new ServiceRules({ ...common, relays })
  const returns = [new ReturnPaths({ ...common, relays })]
  const healthChecks = new HealthChecks({ ...common, relays })
  const told: string[] = []
  let nodePorts: NodePorts | undefined
  let client: SandboxState
  let servers: SandboxState[]
  /** Of another node on this machine. */
  let mates: ServiceNamespaces
  let mate: SandboxState
  let shell: string
  let prefix: string
  let revision = 1
  let cluster = DEFAULT_CLUSTER_FACTS

  beforeAll(async () => {
    prefix = await namespaces.start()
    cluster = { ...DEFAULT_CLUSTER_FACTS, clusterCIDR: `${prefix}.0/24` }
    const three = ['client', 'one', 'two'].map((name, place) => namespaces.sandbox(name, `${prefix}.${place + 4}`))
    const [first, ...others] = await Promise.all(three)
    client = first as SandboxState
    servers = others
    shell = await namespaces.shell(client)
    for (const server of [client, ...servers]) await namespaces.serve(server, 8080)
    rules.start()
    const free = Array.from({ length: 16 }, (_, place) => `${prefix}.${place + 20}`)
    const addresses = { take: async () => free.shift() ?? '', release: () => {} }
    const reporter = { event: ({ message }: EventReport) => void told.push(message) }
    const shortcuts = { cover: () => {}, uncover: () => {} }
    mates = await namespaces.ofMate('mate')
    mate = await mates.sandbox('mate', `${prefix}.9`)
    await mates.serve(mate, 8080)
    returns.push(new ReturnPaths({ ...common, runtime: mates.runtime, relays: mates.relays }))
    for (const paths of returns) paths.start()
    const [own] = returns as [ReturnPaths]
    const links = { sysctls: SHORT_MEMORY }
    const seams = { rules, returns: own, healthChecks, addresses, links, shortcuts, reporter }
    nodePorts = new NodePorts({ ...common, relays, ...seams })
    nodePorts.start()
  }, 60_000)

  afterAll(async () => {
    nodePorts?.stop()
    healthChecks.stop()
    for (const paths of returns) paths.stop()
    mates?.relays.close()
    rules.stop()
    await namespaces.close()
  })

  /** Resolves when every namespace has it. */
  async function tell(
    name: string,
    number: number,
    of: Partial<ServiceSpec>,
    endpoints: [SandboxState, object?][],
    status = {},
  ) {
    revision++
    const protocols = (of.ports ?? []).map(({ protocol = 'TCP', name = '' }) => ({ name, protocol, port: 8080 }))
    const slice = aSlice(
      name,
      endpoints.map(([{ ip = '', pod }, conditions]) => ({
        ...anEndpoint(ip, pod.uid, { ready: true, ...conditions }),
        nodeName: pod.name === 'mate' ? 'mate' : 'here',
      })),
      revision,
    )
    if (protocols.length > 0) slice.object.ports = protocols
    const spec = { clusterIP: `10.43.7.${number}`, ports: [{ port: 80, protocol: 'TCP' }], ...of }
    const service = aService(name, spec, revision)
    service.object.status = status
    const set = [aNode('here', 1), aNode('mate', 1), service, slice]
    const version = network.apply([networkFrame(set, { mode: 'incremental', cluster })])
    while (network.appliedVersion < version) await sleep(clock, 5)
  }

  /** What a shell says with this script, line by line. */
  async function said(script: string): Promise<string[]> {
    const { output } = await runtime.exec(shell, ['sh', '-c', script], 20_000)
    return output.trim().split('\n')
  }

  /** Who answers to connections. */
  async function answering(address: string, times = 20): Promise<Set<string>> {
    return new Set(await said(`for i in $(seq ${times}); do echo | nc -w 3 ${address} 80 | tail -n 1; done`))
  }

  /** Who answers to a datagram of a socket that is used again and again. */
  async function udpClient(address: string): Promise<() => Promise<string>> {
    const socket = await (await relays.of(client.id)).udp('0.0.0.0', 0)
    let heard = (_: string) => {}
    socket.onMessage((data) => heard(data.toString()))
    return async () => {
      const answer = new Promise<string>((resolve) => {
        heard = resolve
      })
      await socket.send(Buffer.from(''), { address, port: 80 })
      return Promise.race([answer, sleep(clock, 1_000).then(() => 'nobody')])
    }
  }

  const all = (): [SandboxState][] => servers.map((server) => [server])
  const [one, two] = [() => servers[0] as SandboxState, () => servers[1] as SandboxState]

  it.concurrent('lead to each of the endpoints', async () => {
    await tell('both', 1, {}, all())
    expect(await answering('10.43.7.1')).toEqual(new Set(['one', 'two']))
  })

  it.concurrent('lead a client to itself, from its own address', async () => {
    await tell('self', 2, {}, [[client]])
    expect(await answering('10.43.7.2', 2)).toEqual(new Set(['client']))
  })

  it.concurrent('lead external addresses of others to endpoints, too', async () => {
    await tell('external', 14, { externalIPs: ['198.51.100.77'] }, [[one()]])
    expect(await answering('198.51.100.77', 2)).toEqual(new Set(['one']))
  })

  it.concurrent('refuse at once where nobody is, or no Service', async () => {
    await tell('nobody', 3, {}, [])
    const refused = await said('for i in 3 4; do time -p nc -w 5 10.43.7.$i 80 </dev/null; done 2>&1')
    expect(refused.filter((line) => line.includes('refused'))).toHaveLength(2)
    for (const line of refused.filter((line) => line.startsWith('real')))
      expect(Number(line.slice(5))).toBeLessThan(0.5)
  })

  it.concurrent('keep out who is not of a balancer’s source ranges, and from no other address', async () => {
    const status = { loadBalancer: { ingress: [{ ip: '10.43.7.130' }] } }
    // The machine publishes it too.
    const port = 40_000 + (process.pid % 2_700)
    const of = (range: string): Partial<ServiceSpec> => {
      const ports = [{ port, protocol: 'TCP' }]
      return { type: 'LoadBalancer', ports, loadBalancerSourceRanges: ['192.0.2.0/24', range] }
    }
    await tell('guarded', 13, of('198.51.100.0/24'), [[one()]], status)
    const says = (address: string) => said(`echo | nc -w 1 ${address} ${port} 2>&1 | tail -n 1`)
    expect(await says('10.43.7.13')).toEqual(['one'])
    expect(await says('10.43.7.130')).not.toEqual(['one'])
    await tell('guarded', 13, of(`${client.ip}/32`), [[one()]], status)
    expect(await says('10.43.7.130')).toEqual(['one'])
    await tell('guarded', 13, of(`${machineAddress}/32`), [[one()]], status)
    expect(await fromMachine(port, machineAddress)).toBe('helloone')
    // This comes from Docker's own proxy.
    const other = connect(port, '127.0.0.1', () => other.write('hello'))
    const heard = new Promise((resolve) => other.once('data', resolve))
    expect(await Promise.race([heard, sleep(clock, 500).then(() => 'nothing')])).toBe('nothing')
    other.destroy()
  })

  it.concurrent('stay with an endpoint for session affinity, until that is gone', async () => {
    const of: Partial<ServiceSpec> = { sessionAffinity: 'ClientIP' }
    await tell('sticky', 5, of, all())
    const [first] = await answering('10.43.7.5')
    expect(await answering('10.43.7.5')).toEqual(new Set([first]))
    const other = servers.filter(({ pod }) => pod.name !== first)
    await tell(
      'sticky',
      5,
      of,
      other.map((server) => [server]),
    )
    expect(await answering('10.43.7.5')).toEqual(new Set(other.map(({ pod }) => pod.name)))
    await tell('sticky', 5, of, all())
    expect(await answering('10.43.7.5')).toEqual(new Set(other.map(({ pod }) => pod.name)))
  })

  it.concurrent('leave an open connection where it is, while new ones go elsewhere', async () => {
    await tell('moving', 6, {}, [[one()]])
    const until = (condition: string) => `until ${condition}; do sleep 0.05; done`
    const open = said(`(echo; ${until('[ -e /tmp/go ]')}; echo) | nc 10.43.7.6 80 > /tmp/said; cat /tmp/said`)
    await said(until('grep -q one /tmp/said'))
    await tell('moving', 6, {}, [[two()]])
    expect(await answering('10.43.7.6', 3)).toEqual(new Set(['two']))
    await said('touch /tmp/go')
    expect((await open).filter((line) => line !== '')).toEqual(['one', 'one'])
  })

  it.concurrent('send datagrams of a known flow to another endpoint when the one before is gone', async () => {
    const of: Partial<ServiceSpec> = { ports: [{ port: 80, protocol: 'UDP' }] }
    await tell('datagrams', 8, of, [[one()]])
    const ask = await udpClient('10.43.7.8')
    expect([await ask(), await ask()]).toEqual(['one', 'one'])
    await tell('datagrams', 8, of, all())
    expect(await ask()).toBe('one')
    await tell('datagrams', 8, of, [[two()]])
    expect(await ask()).toBe('two')
  })

  it.concurrent('can end a connection whose endpoint is gone and silent, and know it from others', async () => {
    const nodePort = await freePort()
    const of: Partial<ServiceSpec> = { type: 'NodePort', ports: [{ port: 80, nodePort }] }
    const mute = await namespaces.sandbox('mute', `${prefix}.10`)
    await namespaces.serve(mute, 8080)
    const connection = async (server: SandboxState) => {
      await tell('silent', 14, of, [[server]])
      while ((await fromMachine(nodePort)) !== `hello${server.pod.name}`) await sleep(clock, 50)
      const open = connect(nodePort, '127.0.0.1')
      const says = () => new Promise((resolve) => open.once('data', (data) => resolve(String(data).trim())))
      open.on('error', () => {})
      const ended = new Promise((resolve) => open.once('close', resolve))
      open.write('ask ')
      expect(await says()).toBe(`ask ${server.pod.name}`)
      return { open, says, ended }
    }
    const [toOne, toMute] = [await connection(one()), await connection(mute)]
    await tell('silent', 14, of, [[two()]])
    await namespaces.unplug(mute)
    toMute.open.write('ask ')
    const container = (await runtime.networkContainers()).find(({ name }) => name.includes('silent'))
    const kernel = new NetlinkClient(await (await relays.of(container?.id ?? '')).netlink(NETLINK_NETFILTER))
    const silent = async () => (await listFlows(kernel, 'TCP')).filter(({ silentSeconds }) => silentSeconds > 0)
    while ((await silent()).length === 0) await sleep(clock, 50)
    const [flow, ...others] = await silent()
    expect([flow?.responder, others]).toEqual([`${mute.ip}:8080`, []])
    if (flow) await forgetFlow(kernel, flow)
    await toMute.ended
    toOne.open.write('ask ')
    expect(await toOne.says()).toBe('ask one')
    toOne.open.destroy()
  })

  it.concurrent('have a SYN that nobody answered repeated to another endpoint when the one before is gone', async () => {
    const deaf = await namespaces.sandbox('deaf', `${prefix}.11`)
    await namespaces.serve(deaf, 8080)
    await tell('unanswered', 17, {}, [[deaf]])
    const answer = () => said('echo | nc -w 15 10.43.7.17 80 | tail -n 1')
    expect(await answer()).toEqual(['deaf'])
    await namespaces.unplug(deaf)
    const next = answer()
    const kernel = new NetlinkClient(await (await relays.of(client.id)).netlink(NETLINK_NETFILTER))
    const isAsking = (flow: TrackedFlow) => flow.isUnanswered && flow.frontend === '10.43.7.17:80/TCP'
    while (!(await listFlows(kernel, 'TCP')).some(isAsking)) await sleep(clock, 20)
    await tell('unanswered', 17, {}, [[two()]])
    expect(await next).toEqual(['two'])
  })

  it.concurrent('soon lead a client’s port elsewhere than to the endpoint that broke off its connection', async () => {
    // Of the two one may be Docker's own; who connects has the even one.
    const onePort = { ...SHORT_MEMORY, 'net.ipv4.ip_local_port_range': '4444 4445' }
    const [asking, rude] = await Promise.all([
      namespaces.sandbox('asking', `${prefix}.12`, onePort),
      namespaces.sandbox('rude', `${prefix}.13`),
    ])
    await rules.cover(asking)
    // What it has not read when it ends makes it a reset.
    const serving = await namespaces.shell(rude, 'nc -ll -p 8080 -e sleep 0.3')
    await runtime.exec(serving, ['sh', '-c', 'until grep -q :1F90 /proc/net/tcp*; do sleep 0.1; done'], 20_000)
    const asker = await namespaces.shell(asking)
    // Whoever has said that it will say no more makes way for the next connection anyhow.
    const ask = '(echo; sleep 1) | nc -w 5 10.43.7.18 80 2>&1 | tail -n 1'
    const heard = async (script: string) => (await runtime.exec(asker, ['sh', '-c', script], 20_000)).output.trim()
    await tell('broken', 18, {}, [[rude]])
    expect(await heard(ask)).not.toBe('two')
    await tell('broken', 18, {}, [[two()]])
    // Longer than the second for which the kernel remembers it, and shorter than the ten of its own.
    expect(await heard(`sleep 1.5; ${ask}`)).toBe('two')
  })

  it.concurrent('fall back to endpoints that end while they serve, when no other is there', async () => {
    await tell('ending', 9, {}, [[one()], [two(), ENDING]])
    expect(await answering('10.43.7.9')).toEqual(new Set(['one']))
    await tell('ending', 9, {}, [
      [one(), { ready: false, serving: false }],
      [two(), ENDING],
    ])
    expect(await answering('10.43.7.9')).toEqual(new Set(['two']))
  })

  it.concurrent('keep the client’s address where its traffic stays on the machine', async () => {
    const nodePort = 30_000 + ((process.pid + 1) % 2_700)
    const ports = [
      { name: 'tcp', port: 80, nodePort, protocol: 'TCP' },
      { name: 'udp', port: 80, nodePort, protocol: 'UDP' },
    ]
    const of: Partial<ServiceSpec> = { type: 'NodePort', ports, externalTrafficPolicy: 'Local' }
    await tell('local', 12, of, [[two()]])
    expect(await fromMachine(nodePort, machineAddress, 'who')).toBe(machineAddress)
    const datagrams = createSocket('udp4')
    const answers: string[] = []
    datagrams.on('message', (data) => answers.push(data.toString()))
    for (; answers.length === 0; await sleep(clock, 50)) datagrams.send('who', nodePort, machineAddress)
    expect(answers[0]).toBe(machineAddress)
    datagrams.close()
    await tell('local', 12, of, [[mate]])
    expect(await fromMachine(nodePort, machineAddress, 'who')).toBe(machineAddress)
    await tell('local', 12, { ...of, externalTrafficPolicy: 'Cluster' }, [[two()]])
    expect(await fromMachine(nodePort, machineAddress, 'who')).not.toBe(machineAddress)
  })

  it.concurrent('tell load balancers whether the machine has endpoints', async () => {
    const port = 20_000 + ((process.pid + 1) % 9_000)
    const healthCheckNodePort = 30_000 + ((process.pid + 2) % 2_700)
    const local: Partial<ServiceSpec> = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort }
    const of = { ...local, ports: [{ port, protocol: 'TCP' }] }
    const asked = async () => {
      const response = await fetch(`http://127.0.0.1:${healthCheckNodePort}/healthz`)
      return [response.status, response.headers.get('x-load-balancing-endpoint-weight'), await response.json()]
    }
    const report = (localEndpoints: number) => {
      const service = { namespace: 'default', name: 'asked' }
      return { service, localEndpoints, serviceProxyHealthy: true }
    }
    await tell('asked', 15, of, [[two()], [mate], [one(), { ready: false }]])
    const first = async (): Promise<unknown> => asked().catch(() => sleep(clock, 50).then(first))
    expect(await first()).toEqual([200, '2', report(2)])
    await tell('asked', 15, of, [[two(), ENDING]])
    expect(await asked()).toEqual([503, '0', report(0)])
  })

  it.concurrent('lead node ports of the machine to endpoints, but for one that somebody else has', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '0.0.0.0', resolve))
    const { port: takenPort } = taken.address() as AddressInfo
    const nodePort = 30_000 + (process.pid % 2_700)
    const ports = [
      { name: 'web', port: 80, nodePort, protocol: 'TCP' },
      { name: 'taken', port: 81, nodePort: takenPort, protocol: 'TCP' },
      { name: 'udp', port: 80, nodePort, protocol: 'UDP' },
    ]
    await tell('outside', 10, { type: 'NodePort', ports }, [[two()]])
    expect(await fromMachine(nodePort)).toBe('hellotwo')
    const datagrams = createSocket('udp4')
    const answers: string[] = []
    datagrams.on('message', (data) => answers.push(data.toString()))
    for (; answers.length === 0; await sleep(clock, 50)) datagrams.send('hi ', nodePort, '127.0.0.1')
    expect(answers[0]).toBe('hi two')
    datagrams.close()
    taken.close()
    while (told.length === 0) await sleep(clock, 50)
    expect(told).toEqual([
      expect.stringMatching(
        new RegExp(`^Failed to publish port ${takenPort}/TCP of service default/outside: .*address already in use`),
      ),
    ])
    const open = connect(nodePort, '127.0.0.1')
    const said = () => new Promise<string>((resolve) => open.once('data', (data) => resolve(String(data).trim())))
    open.write('before ')
    expect(await said()).toBe('before two')
    await tell('outside', 10, { type: 'NodePort', ports: ports.slice(0, 1) }, [[two()]])
    const published = async () => (await runtime.networkContainers()).filter(({ name }) => name.includes('outside'))
    while ((await published()).length > 1) await sleep(clock, 50)
    open.write('after ')
    expect(await said()).toBe('after two')
    open.destroy()
    await tell('outside', 10, { ports: [{ port: 80 }] }, [[two()]])
    while ((await published()).length > 0) await sleep(clock, 50)
  })

  it('keep clients with their endpoints over a restart of the agent', async () => {
    const of: Partial<ServiceSpec> = { sessionAffinity: 'ClientIP' }
    await tell('kept', 11, of, all())
    const [first] = await answering('10.43.7.11', 1)
    rules.stop()
    network = new NetworkState({ clock, log: silentLogger })
    rules = new ServiceRules({ ...common, network, relays })
    rules.start()
    await tell('kept', 11, of, all())
    expect(await answering('10.43.7.11')).toEqual(new Set([first]))
  })
})
