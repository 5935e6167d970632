import { isDeepStrictEqual } from 'node:util'
import type { ObjectKey } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Reporter } from '../../reporter.ts'
import { followEvents } from '../../runtime/follow-events.ts'
import { type PublishedPort, type Runtime, RuntimeFailure } from '../../runtime/runtime.ts'
import { WakeLoop } from '../../wake-loop.ts'
import type { NetworkConsumer } from '../applied-versions.ts'
import type { Shortcuts } from '../fabric/shortcuts.ts'
import type { NetworkSnapshot } from '../network-snapshot.ts'
import type { NetworkView } from '../network-state.ts'
import type { AddressSource } from '../pod-addresses.ts'
import type { SandboxLinks } from '../sandbox-links.ts'
import { machineMates } from '../services/machine-mates.ts'
import type { SocketRelays } from '../socket-relays.ts'
import { parseNodePortsName, portKey } from './container-name.ts'
import type { HealthChecks } from './health-checks.ts'
import { type NewNodePort, type NodePortPlan, planNodePorts } from './node-port-plan.ts'
import { openNodePort } from './open-node-port.ts'
import { healthCheckPort, publishedPorts } from './published-ports.ts'
import type { ReturnPaths } from './return-paths.ts'

export interface NodePortsOptions {
  readonly nodeName: string
  readonly network: NetworkView
  readonly runtime: Pick<
    Runtime,
    'networkContainers' | 'runNetworkContainer' | 'removeNetworkContainer' | 'networkEvents'
  >
  readonly relays: Pick<SocketRelays, 'of'>
  readonly addresses: AddressSource
  /** What namespaces on the Pods' network have; known once an address was given. */
  readonly links: Pick<SandboxLinks, 'sysctls'>
  readonly rules: NodePortRules
  readonly shortcuts: Pick<Shortcuts, 'cover' | 'uncover'>
  readonly returns: Pick<ReturnPaths, 'renew'>
  readonly healthChecks: Pick<HealthChecks, 'serve' | 'end'>
  readonly reporter: Pick<Reporter, 'event'>
  readonly clock: Clock
  readonly log: Logger
}

/** Where published ports are led to a Service's endpoints. */
export interface NodePortRules {
  coverNodePorts(containerId: string, service: ObjectKey, address: string): void
  uncover(containerId: string): void
}

interface Wanted {
  readonly service: ObjectKey
  readonly ports: readonly PublishedPort[]
  /** The one of them that leads nowhere: it is answered here. */
  readonly healthCheck: number | undefined
}

const RETRY_MS = 30_000
/** What is different in each try's failure: the runtime names what it was about to make. */
const ATTEMPT = / on endpoint \S+ \([0-9a-f]+\)/

/**
 * Publishes the node ports, balancer's ports and external addresses of Services on this machine, through containers that
 * lead them on. Where several nodes are on the machine only the first by name does.
 */
export class NodePorts {
  readonly #options: NodePortsOptions
  readonly #consumer: NetworkConsumer
  readonly #loop: WakeLoop
  readonly #stop = new AbortController()
  /** By the Service's UID. */
  #wanted: ReadonlyMap<string, Wanted> = new Map()
  /** By port, what Docker said when it was to be published. */
  readonly #troubles = new Map<string, string>()
  #hasLooked = false

  constructor(options: NodePortsOptions) {
    const { clock, log } = options
    this.#options = options
    this.#consumer = options.network.consumer('node ports')
    this.#loop = new WakeLoop({
      clock,
      pass: () => this.#pass(),
      onFault: (err) => log.warn({ err }, 'could not publish node ports'),
    })
  }

  start(): void {
    const unsubscribe = this.#options.network.subscribe((snapshot) => {
      const wanted = this.#wantedOf(snapshot)
      const isNews = !this.#hasLooked || !isDeepStrictEqual(wanted, this.#wanted)
      this.#wanted = wanted
      if (isNews) this.#loop.wake()
      this.#settle()
    })
    this.#stop.signal.addEventListener('abort', unsubscribe, { once: true })
    this.#watchContainers()
  }

  /** Leaves the containers as they are. */
  stop(): void {
    this.#stop.abort()
    this.#loop.stop()
  }

  #wantedOf({ nodes, services }: NetworkSnapshot): Map<string, Wanted> {
    const { nodeName } = this.#options
    const wanted = new Map<string, Wanted>()
    if (machineMates(nodeName, nodes)[0] !== nodeName) return wanted
    const addresses = nodes.get(nodeName)?.internalIPs ?? []
    for (const [key, service] of services) {
      const ports = publishedPorts(service, addresses)
      if (ports.length > 0)
        wanted.set(service.metadata.uid, { service: key, ports, healthCheck: healthCheckPort(service) })
    }
    return wanted
  }

  async #pass(): Promise<number> {
    const { runtime, addresses, rules, shortcuts, healthChecks, network } = this.#options
    // What an earlier agent published stays until it is known what is wanted.
    if (!network.snapshot()) return Number.POSITIVE_INFINITY
    const { remove, run } = await this.#look()
    for (const { id, name } of remove) {
      rules.uncover(id)
      shortcuts.uncover(id)
      healthChecks.end(id)
      await runtime.removeNetworkContainer(id)
      addresses.release(name)
    }
    if (run.length === 0) return Number.POSITIVE_INFINITY
    const results = await Promise.all(run.map((container) => this.#run(container)))
    await this.#look()
    return results.every(Boolean) ? Number.POSITIVE_INFINITY : RETRY_MS
  }

  /** Sees to the containers that are as they should be, and says what else is to be done. */
  async #look(): Promise<NodePortPlan> {
    const ports = new Map([...this.#wanted].map(([uid, wanted]) => [uid, wanted.ports]))
    const wantedPorts = new Set([...ports.values()].flat().map(portKey))
    for (const port of this.#troubles.keys()) if (!wantedPorts.has(port)) this.#troubles.delete(port)
    const containers = await this.#options.runtime.networkContainers()
    const plan = planNodePorts(ports, containers)
    // Before anything is led to a Pod: it answers the same way.
    await this.#options.returns.renew()
    this.#cover(plan)
    this.#hasLooked = true
    this.#settle()
    return plan
  }

  #cover({ keep }: NodePortPlan): void {
    const { rules, shortcuts, healthChecks } = this.#options
    for (const { container, serviceUid } of keep) {
      const { id, name, ip: address } = container
      const wanted = this.#wanted.get(serviceUid)
      if (!wanted || address === undefined) continue
      const { service, healthCheck: port } = wanted
      if (port !== undefined && isOnlyPort(port, name)) healthChecks.serve(id, { service, address, port })
      else {
        rules.coverNodePorts(id, service, address)
        const publishedPorts = parseNodePortsName(name)?.ports.map(({ containerPort }) => containerPort) ?? []
        shortcuts.cover({ id, ip: address, publishedPorts })
      }
    }
  }

  /** Whether the port is published now. */
  async #run({ name, port, serviceUid }: NewNodePort): Promise<boolean> {
    const { runtime, addresses, links } = this.#options
    try {
      const network = { address: await addresses.take(name) }
      const sysctls = { ...links.sysctls, 'net.ipv4.ip_forward': '1' }
      const id = await runtime.runNetworkContainer({ name, network, ports: [port], sysctls })
      await this.#open(id)
      this.#troubles.delete(portKey(port))
      return true
    } catch (error) {
      addresses.release(name)
      if (!(error instanceof RuntimeFailure)) throw error
      this.#tell(port, this.#wanted.get(serviceUid)?.service ?? '', error.message)
      return false
    }
  }

  async #open(containerId: string): Promise<void> {
    const { relays, log } = this.#options
    try {
      await openNodePort(await relays.of(containerId))
    } catch (err) {
      // It works as well without, where no packets are lost.
      log.warn({ err }, 'neighbours of a container are asked for as usual')
    }
  }

  /** Once for each new reason. */
  #tell(port: PublishedPort, service: ObjectKey, message: string): void {
    const reason = message.replace(ATTEMPT, '')
    if (this.#troubles.get(portKey(port)) === reason) return
    this.#troubles.set(portKey(port), reason)
    const where = `${port.hostIP ?? ''}${port.hostIP === undefined ? '' : ':'}${port.hostPort}/${port.protocol}`
    this.#options.reporter.event({
      type: 'Warning',
      reason: 'FailedPublishPort',
      message: `Failed to publish port ${where} of service ${service}: ${reason}`,
    })
    this.#options.log.warn({ service, port: where, reason }, 'could not publish a port')
  }

  /** A version counts once what an earlier agent left has been found: those containers have older rules. */
  #settle(): void {
    const version = this.#options.network.snapshot()?.version
    if (this.#hasLooked && version !== undefined) this.#consumer.applied(version)
  }

  /** One that ended is made again. */
  #watchContainers(): void {
    const { runtime, clock, log } = this.#options
    const happened = ({ name }: { name: string }) => {
      if (parseNodePortsName(name)) this.#loop.wake()
    }
    const events = (signal: AbortSignal) => runtime.networkEvents(signal)
    void followEvents({ events, happened, missed: () => this.#loop.wake(), clock, log }, this.#stop.signal)
  }
}

function isOnlyPort(port: number, containerName: string): boolean {
  const { ports = [] } = parseNodePortsName(containerName) ?? {}
  return ports.every(({ hostPort, protocol }) => hostPort === port && protocol === 'TCP')
}
