import type { Clock } from '../../../shared/clock.ts'
import { GATEWAY_PLACE } from '../../../shared/dns-service.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Random } from '../../../shared/random.ts'
import { WakeLoop } from '../../wake-loop.ts'
import { withinTime } from '../../within-time.ts'
import type { NetworkSnapshot } from '../network-snapshot.ts'
import type { NetworkView } from '../network-state.ts'
import type { ResolvConf } from '../resolv-conf.ts'
import type { SocketRelays } from '../socket-relays.ts'
import { ClusterZone } from './cluster-zone.ts'
import { keepFailover } from './dns-failover.ts'
import { DnsListener } from './dns-listener.ts'
import { DnsServer } from './dns-server.ts'
import { ServiceDirectory } from './service-directory.ts'
import { type Exchange, Upstream } from './upstream.ts'

export interface DnsServiceOptions {
  network: NetworkView
  relays: SocketRelays
  /** How the machine resolves names, its own stub on the loopback included. */
  resolvConf: () => Promise<ResolvConf>
  exchange: Exchange
  clock: Clock
  random: Random
  log: Logger
}

const UPSTREAM_PORT = 53
/** What the machine's file says is read again after so long. */
const RESOLV_CONF_MS = 30_000
const RETRY_MS = 500
/** For the kernel to take the last word; after so long others are asked anyhow. */
const FAREWELL_MS = 2000

interface Gateway {
  containerId: string
  address: string
}

/** The node's part of the cluster's DNS: keeps it served in the gateway's namespace, by what is known of the network. */
export class DnsService {
  readonly #options: DnsServiceOptions
  readonly #listener: DnsListener
  readonly #loop: WakeLoop
  readonly #stop = new AbortController()
  #failover: Promise<void> = Promise.resolve()
  #gateway: Gateway | undefined
  #zone: { of: NetworkSnapshot; zone: ClusterZone } | undefined
  #resolvConf: { at: number; servers: Promise<readonly string[]> } | undefined

  constructor(options: DnsServiceOptions) {
    const { clock, random, exchange, log } = options
    this.#options = options
    const upstream = new Upstream({ servers: () => this.#upstreamServers(), exchange, clock, random })
    const isClusterAddress = (address: string) => this.#isClusterAddress(address)
    const server = new DnsServer({ zone: () => this.#currentZone(), isClusterAddress, upstream, clock, random })
    this.#listener = new DnsListener({ server, clock, log })
    const failed = (err: unknown) => log.debug({ err }, 'DNS is not served')
    const pass = () =>
      this.#serve()
        .catch(failed)
        .then(() => RETRY_MS)
    this.#loop = new WakeLoop({ clock, pass, onFault: failed })
  }

  /** The gateway is this container now. */
  serveAt(containerId: string, address: string): void {
    this.#gateway = { containerId, address }
    this.#loop.wake()
  }

  /** Resolves once other nodes are asked, or that has taken too long; until the relay is closed questions are answered. */
  async stop(): Promise<void> {
    this.#loop.stop()
    this.#stop.abort()
    const late = () => 'other nodes are asked a little later'
    await withinTime(this.#options.clock, FAREWELL_MS, late, () => this.#failover).catch(() => undefined)
  }

  /** As long as the gateway is there. */
  async #serve(): Promise<void> {
    const { clock, log } = this.#options
    await this.#known()
    if (!this.#gateway) return
    const { containerId, address } = this.#gateway
    const relay = await this.#options.relays.of(containerId)
    await this.#listener.serve(relay, address)
    let isOpen = true
    const closed = relay.closed.then(() => {
      isOpen = false
    })
    const { signal } = this.#stop
    this.#failover = keepFailover({ relay, address, peers: () => this.#peers(address), clock, signal }).catch(
      (err: unknown) => {
        if (isOpen && !signal.aborted) log.warn({ err }, 'other nodes would not be asked for names')
      },
    )
    await closed
  }

  /** Of other nodes. */
  #peers(address: string): string[] {
    const nodes = [...(this.#options.network.snapshot()?.nodes.values() ?? [])]
    const gateways = nodes.flatMap(({ podCIDRs }) => podCIDRs.map((range) => Ipv4Range.parse(range).at(GATEWAY_PLACE)))
    return gateways.filter((gateway) => gateway !== address).sort()
  }

  /** Before there is something to answer with nobody shall ask here: who does not hear asks another node. */
  #known(): Promise<void> {
    const { network } = this.#options
    if (network.snapshot()) return Promise.resolve()
    return new Promise((resolve) => {
      const unsubscribe = network.subscribe(() => {
        unsubscribe()
        resolve()
      })
    })
  }

  #currentZone(): ClusterZone | undefined {
    const snapshot = this.#options.network.snapshot()
    if (!snapshot) return undefined
    if (this.#zone?.of !== snapshot) {
      const directory = new ServiceDirectory(snapshot.services.values(), [...snapshot.slices.values()].flat())
      this.#zone = { of: snapshot, zone: new ClusterZone(snapshot.cluster.domain, directory) }
    }
    return this.#zone.zone
  }

  #isClusterAddress(address: string): boolean {
    const cluster = this.#options.network.snapshot()?.cluster
    if (!cluster) return false
    return [cluster.clusterCIDR, cluster.serviceCIDR].some((range) => isIn(range, address))
  }

  async #upstreamServers() {
    const { clock, resolvConf } = this.#options
    if (!this.#resolvConf || clock.monotonic() - this.#resolvConf.at > RESOLV_CONF_MS) {
      this.#resolvConf = { at: clock.monotonic(), servers: resolvConf().then(({ servers }) => servers) }
    }
    const servers = await this.#resolvConf.servers
    return servers.map((address) => ({ address, port: UPSTREAM_PORT }))
  }
}

function isIn(range: string, address: string): boolean {
  return Ipv4Range.tryParse(range)?.placeOf(address) !== undefined
}
