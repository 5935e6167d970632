import { join } from 'node:path'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { ClusterDns } from '../pods/spec/pod-dns.ts'
import type { Reporter } from '../reporter.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { DnsService } from './dns/dns-service.ts'
import { networkExchange } from './dns/upstream.ts'
import { FabricManager } from './fabric/fabric-manager.ts'
import { fabricState } from './fabric/fabric-state.ts'
import type { AddressNews } from './netlink/address-news.ts'
import { type NetworkCondition, SERVICES_UNAVAILABLE, withoutServices } from './network-condition.ts'
import { NetworkState } from './network-state.ts'
import { HealthChecks } from './node-ports/health-checks.ts'
import { NodePorts } from './node-ports/node-ports.ts'
import { ReturnPaths } from './node-ports/return-paths.ts'
import { readOwnResolvConf } from './resolv-conf.ts'
import type { SandboxRules } from './services/sandbox-rules.ts'
import { ServiceRules } from './services/service-rules.ts'
import { SocketRelays } from './socket-relays.ts'

export interface ClusterNetworkOptions {
  runtime: Runtime
  nodeName: string
  clusterId: string
  /** Whether what goes between Pods of different machines is spared the machine's rules; true unless told. */
  takesShortcuts?: boolean | undefined
  /** Where the newest word of the network is kept. */
  dataDir: string
  /** The file that says whom to ask for names outside the cluster; by default the machine's own. */
  resolvConf?: string | undefined
  reporter: Pick<Reporter, 'event'>
  /** What the Node says of its network has changed. */
  onCondition: () => void
  /** An address of the machine has come or gone. */
  onAddress?: (news: AddressNews) => void
  clock: Clock
  random: Random
  log: Logger
}

/** This node's part of the cluster's network, put together: the fabric, the rules of Services, node ports, and DNS. */
export class ClusterNetwork {
  /** What the control plane tells; the rest goes by it. */
  readonly state: NetworkState
  readonly fabric: FabricManager
  /** What Pods need to reach Services, and to answer those who reach them through the machine's ports. */
  readonly sandboxRules: SandboxRules
  readonly relays: SocketRelays
  readonly #serviceRules: ServiceRules
  readonly #returns: ReturnPaths
  readonly #healthChecks: HealthChecks
  readonly #nodePorts: NodePorts
  readonly #dns: DnsService
  /** Of the kernel, to hold rules of Services. */
  #refusal: string | undefined

  constructor(options: ClusterNetworkOptions) {
    const { runtime, nodeName, clusterId, clock, random, reporter } = options
    const log = (part: string) => options.log.child({ part })
    this.relays = new SocketRelays((id, signal) => runtime.openSockets(id, signal))
    this.state = new NetworkState({ clock, log: log('network') })
    const shared = { runtime, nodeName, network: this.state, relays: this.relays, clock }
    this.#serviceRules = new ServiceRules({
      ...{ ...shared, log: log('services') },
      onRefusal: (refusal) => this.#refused(refusal, options),
    })
    this.#dns = new DnsService({
      ...{ ...shared, random, exchange: networkExchange, log: log('dns') },
      resolvConf: () => readOwnResolvConf(options.resolvConf),
    })
    this.fabric = new FabricManager({
      ...{ runtime, relays: this.relays, clusterId, clock, random, log: log('fabric') },
      path: join(options.dataDir, 'network.json'),
      takesShortcuts: options.takesShortcuts,
      ...(options.onAddress ? { onAddress: options.onAddress } : {}),
      onCondition: options.onCondition,
      onGateway: (containerId, address) => {
        this.#serviceRules.coverGateway(containerId)
        this.#dns.serveAt(containerId, address)
      },
    })
    this.#returns = new ReturnPaths({ ...shared, log: log('node ports') })
    this.sandboxRules = {
      cover: async (sandbox) => {
        await Promise.all([this.#serviceRules.cover(sandbox), this.#returns.renew()])
      },
      uncover: (sandboxId) => this.#serviceRules.uncover(sandboxId),
    }
    this.#healthChecks = new HealthChecks({ ...shared, log: log('node ports') })
    this.#nodePorts = new NodePorts({
      ...{ ...shared, reporter, log: log('node ports') },
      ...{
        addresses: this.fabric,
        shortcuts: this.fabric.shortcuts,
        links: this.fabric,
        rules: this.#serviceRules,
        returns: this.#returns,
        healthChecks: this.#healthChecks,
      },
    })
    this.state.subscribe((snapshot, { nodes }) => nodes && this.fabric.update(fabricState(snapshot, nodeName)))
  }

  /** Where Pods ask for names; undefined before the control plane's first word. */
  dns(): ClusterDns | undefined {
    const cluster = this.state.snapshot()?.cluster
    return cluster && { address: cluster.dnsAddress, domain: cluster.domain }
  }

  /** For the Node. */
  get condition(): NetworkCondition {
    const { condition } = this.fabric
    return condition.isAvailable && this.#refusal !== undefined ? withoutServices(this.#refusal) : condition
  }

  async start(): Promise<void> {
    await this.fabric.start()
    this.#serviceRules.start()
    this.#returns.start()
    this.#nodePorts.start()
  }

  /** The network stays as it is, and works. */
  async stop(): Promise<void> {
    const namesAreLeft = this.#dns.stop()
    this.#nodePorts.stop()
    this.#healthChecks.stop()
    this.#returns.stop()
    this.#serviceRules.stop()
    await Promise.all([this.fabric.stop(), namesAreLeft])
    this.relays.close()
  }

  #refused(refusal: string | undefined, { reporter, onCondition }: ClusterNetworkOptions): void {
    this.#refusal = refusal
    if (refusal !== undefined) {
      const message = `Pods of this node reach no Services: the kernel refuses their nftables rules: ${refusal}`
      reporter.event({ type: 'Warning', reason: SERVICES_UNAVAILABLE, message })
    }
    onCondition()
  }
}
