import { decode, encode } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { DnsService } from '../../../../../agent/network/dns/dns-service.ts'
import type { NetworkSnapshot } from '../../../../../agent/network/network-snapshot.ts'
import type { NetworkListener, NetworkView } from '../../../../../agent/network/network-state.ts'
import { SocketRelays } from '../../../../../agent/network/socket-relays.ts'
import type { DatagramSocket, RelayedConnection, SocketRelay } from '../../../../../agent/runtime/socket-relay.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../../../../shared/cluster-facts.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { sampleService } from '../../../../support/dns-objects.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

/** One relay, whose sockets the test uses from the other side. */
class RelayStub implements SocketRelay {
  #end = (): void => undefined
  readonly closed = new Promise<void>((resolve) => {
    this.#end = resolve
  })
  readonly bound: string[] = []
  datagram: ((data: Buffer, from: { address: string; port: number }) => void) | undefined
  connection: ((connection: RelayedConnection) => void) | undefined
  readonly sent: Buffer[] = []

  async netlink(): Promise<DatagramSocket> {
    throw new Error('not here')
  }

  async udp(address: string, port: number) {
    this.bound.push(`udp ${address}:${port}`)
    return {
      send: async (data: Uint8Array) => void this.sent.push(Buffer.from(data)),
      onMessage: (listener: NonNullable<RelayStub['datagram']>) => {
        this.datagram = listener
      },
      onFailure: () => undefined,
      closed: this.closed,
      close: () => undefined,
    } as unknown as DatagramSocket
  }

  async tcp(address: string, port: number) {
    this.bound.push(`tcp ${address}:${port}`)
    const onConnection = (listener: NonNullable<RelayStub['connection']>) => {
      this.connection = listener
    }
    return { onConnection, closed: this.closed, close: () => undefined }
  }

  close(): void {
    this.#end()
  }
}

function setUp() {
  const clock = new VirtualClock()
  const listeners = new Set<NetworkListener>()
  let snapshot: NetworkSnapshot | undefined
  const network = {
    snapshot: () => snapshot,
    subscribe: (listener: NetworkListener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  } as unknown as NetworkView
  const relays: RelayStub[] = []
  const service = new DnsService({
    network,
    relays: new SocketRelays(async () => {
      const relay = new RelayStub()
      relays.push(relay)
      return relay
    }),
    resolvConf: async () => ({ servers: [], searches: [], options: [] }),
    exchange: async () => Promise.reject(new Error('nobody is asked')),
    ...{ clock, random: seededRandom(1), log: silentLogger },
  })
  const learn = (address: string) => {
    const services = new Map([['default/web', sampleService('web', { clusterIP: address })]])
    snapshot = {
      version: 1,
      cluster: DEFAULT_CLUSTER_FACTS,
      nodes: new Map(),
      services,
      slices: new Map(),
    } as unknown as NetworkSnapshot
    for (const listener of [...listeners]) listener(snapshot, { nodes: true, services: new Set() })
  }
  return { clock, service, relays, learn }
}

const query = encode({
  type: 'query',
  id: 7,
  questions: [{ type: 'A', name: 'web.default.svc.cluster.local', class: 'IN' }],
})
const addressIn = (message: Buffer | undefined) =>
  message ? decode(message).answers?.map((one) => 'data' in one && one.data) : []

describe('the DNS of a node', () => {
  test('is served once the cluster is known, by the newest that is known', async () => {
    const { clock, service, relays, learn } = setUp()
    service.serveAt('gateway', '10.42.1.2')
    await clock.advance(2000)
    expect(relays).toHaveLength(0)
    learn('10.43.0.20')
    await clock.advance(0)
    const [relay] = relays
    expect(relay?.bound).toEqual(['udp 10.42.1.2:53', 'tcp 10.42.1.2:53'])
    relay?.datagram?.(query, { address: '10.42.1.5', port: 999 })
    await clock.advance(0)
    learn('10.43.0.21')
    relay?.datagram?.(query, { address: '10.42.1.5', port: 999 })
    await clock.advance(0)
    expect(relay?.sent.map(addressIn)).toEqual([['10.43.0.20'], ['10.43.0.21']])
    service.stop()
  })

  test('is served again when its sockets are gone', async () => {
    const { clock, service, relays, learn } = setUp()
    learn('10.43.0.20')
    service.serveAt('gateway', '10.42.1.2')
    await clock.advance(0)
    relays[0]?.close()
    await clock.advance(1000)
    expect(relays[1]?.bound).toHaveLength(2)
    service.stop()
  })

  test('is served at once by another gateway', async () => {
    const { clock, service, relays, learn } = setUp()
    learn('10.43.0.20')
    service.serveAt('gateway', '10.42.1.2')
    await clock.advance(0)
    relays[0]?.close()
    await clock.advance(100)
    expect(relays).toHaveLength(1)
    service.serveAt('another', '10.42.1.2')
    await clock.advance(0)
    expect(relays[1]?.bound).toHaveLength(2)
    service.stop()
  })

  test('answers several questions of one connection, however they are cut', async () => {
    const { clock, service, relays, learn } = setUp()
    learn('10.43.0.20')
    service.serveAt('gateway', '10.42.1.2')
    await clock.advance(0)
    const asked = Buffer.concat([Buffer.of(0, query.length), query, Buffer.of(0, query.length), query])
    const written: Buffer[] = []
    let isClosed = false
    async function* input() {
      for (const at of [0, 1, 40]) yield asked.subarray(at, at === 40 ? undefined : at === 0 ? 1 : 40)
    }
    const write = async (data: Uint8Array) => void written.push(Buffer.from(data))
    const close = () => {
      isClosed = true
    }
    relays[0]?.connection?.({
      input: input(),
      write,
      close,
      closed: Promise.resolve(),
      from: { address: 'x', port: 1 },
    })
    await clock.advance(0)
    expect(written.map((message) => addressIn(message.subarray(2)))).toEqual([['10.43.0.20'], ['10.43.0.20']])
    expect(isClosed).toBe(true)
    service.stop()
  })
})
