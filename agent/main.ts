import { join, resolve } from 'node:path'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/log.ts'
import type { Random } from '../shared/random.ts'
import { keepCertificateFresh } from './connection/certificate-renewal.ts'
import { createControlLink } from './connection/control-link.ts'
import { createDial } from './connection/dial.ts'
import { enrol } from './connection/enrol.ts'
import { CredentialStore, type NodeCredentials } from './connection/node-credentials.ts'
import type { Device } from './devices/device.ts'
import { EvictionManager } from './eviction/eviction-manager.ts'
import type { EvictionPolicy } from './eviction/eviction-policy.ts'
import { type ImageCollection, ImageCollector } from './images/image-collector.ts'
import { PulledImages } from './images/pulled-images.ts'
import { LogsServer } from './logs/logs-server.ts'
import { MetricsServer } from './metrics/metrics-server.ts'
import { UsageMeter } from './metrics/usage-meter.ts'
import { ClusterNetwork } from './network/cluster-network.ts'
import { SandboxConnections } from './network/drain/sandbox-connections.ts'
import { ServiceDrain } from './network/drain/service-drain.ts'
import { readResolvConf } from './network/resolv-conf.ts'
import { readMachineUsage } from './node/machine-usage.ts'
import type { NodeOffer } from './node/node-capacity.ts'
import { NodeFacts } from './node/node-facts.ts'
import { PressureNews } from './node/pressure-news.ts'
import { PodManager } from './pods/pod-manager.ts'
import { NetworkProber } from './pods/probes/network-prober.ts'
import { createDockerRuntime } from './runtime/docker/docker-runtime.ts'
import { CommandServer } from './streams/command-server.ts'
import { PortForwardServer } from './streams/port-forward-server.ts'
import { StreamRouter } from './streams/stream-router.ts'
import { VolumeRemover } from './volumes/volume-remover.ts'

export interface AgentOptions {
  serverUrl: string
  /** Asked for at every start; a node that has joined before does not need one. */
  token: (isNeeded: boolean) => Promise<string | undefined>
  nodeName: string
  /** Holds the node's key and certificate; made where it is missing. */
  dataDir: string
  /** Devices are offered besides the extended resources that it names. */
  offer: NodeOffer
  devices: readonly Device[]
  eviction: EvictionPolicy
  /** Paths of the machine that Pods may mount although they give power over the node. */
  allowedHostPaths: readonly string[]
  imageCollection: ImageCollection
  /** For a new Node. */
  labels: Record<string, string>
  /** Kernel parameters that Pods may set though they are not safe: names, or beginnings of names with a `*`. */
  allowedUnsafeSysctls?: readonly string[]
  /** Where the machine's seccomp profiles are; without it there are none. */
  seccompProfiles?: string
  /** Whether Pods leave their Services before their containers are told to end. Without it requests are lost. */
  drainsPods?: boolean
  /** Whether what goes between Pods of different machines is spared the machine's rules; true unless told. */
  takesShortcuts?: boolean
  /** The file that says how Pods resolve names; by default the machine's own. */
  resolvConf?: string
  version: string
  clock: Clock
  random: Random
  log: Logger
  /** Gives up waiting for the control plane. */
  signal: AbortSignal
}

export interface RunningAgent {
  /** Lets go of the control plane; containers run on. */
  close(): Promise<void>
}

/** Joins, unless it did before, and then keeps the node's Pods. Rejects where the control plane refuses the node. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { serverUrl, nodeName, dataDir, devices, version, clock, random, log } = options
  const credentials = await joinCluster(options)
  const { clusterId } = credentials
  const runtime = createDockerRuntime({
    clusterId,
    nodeName,
    clock,
    ownFiles: [resolve(dataDir)],
    log: log.child({ part: 'docker' }),
    ...(options.seccompProfiles === undefined ? {} : { seccompDirectory: options.seccompProfiles }),
  })
  const network = new ClusterNetwork({
    ...options,
    ...{ runtime, clusterId, reporter: { event: (event) => link.reporter.event(event) } },
    onCondition: () => facts.networkChanged(),
    onAddress({ address, isGone }) {
      if (isGone) link.addressGone(address)
      else link.addressCame()
      facts.addressesChanged()
    },
  })
  const facts = new NodeFacts({
    ...options,
    offer: withDevices(options.offer, devices),
    unfitImages: () => pods.unfitImages(),
    network: () => network.condition,
    runtime,
  })
  const renewal = keepCertificateFresh({ credentials, serverUrl, dataDir, clock, random, log })

  const pulled = new PulledImages({ path: join(dataDir, 'pulled-images.json'), random, log })

  // The link hands the Pods over to a manager that reports through the link.
  const link = createControlLink({
    dial: createDial(serverUrl, () => renewal.current, clock),
    clock,
    random,
    log: log.child({ part: 'link' }),
    agentVersion: version,
    node: () => facts.current(),
    assignments: {
      assign(assignments) {
        pods.assign(assignments)
        volumes.assign(assignments)
      },
    },
    network: network.state,
    streams: { serve: (request, stream) => streams.serve(request, stream) },
  })
  const { withdrawals } = link
  const drainer = new ServiceDrain({
    ...{ withdrawals, network: network.state, clock, log: log.child({ part: 'drain' }) },
    connections: new SandboxConnections((sandboxId) => network.relays.of(sandboxId)),
  })
  const pods = new PodManager({
    runtime,
    reporter: link.reporter,
    prober: new NetworkProber({ runtime, clock }),
    addresses: network.fabric,
    links: network.fabric,
    clock,
    random,
    log: log.child({ part: 'pods' }),
    serviceRules: network.sandboxRules,
    clusterDns: () => network.dns(),
    hostIPs: () => facts.hostIPs(),
    allocatable: () => facts.allocatable(),
    pressure: () => facts.pressure(),
    architecture: () => facts.architecture(),
    hasAppArmor: () => facts.hasAppArmor(),
    allowedUnsafeSysctls: options.allowedUnsafeSysctls ?? [],
    resolvConf: () => readResolvConf(options.resolvConf),
    services: () => network.state.snapshot()?.services.values(),
    devices,
    ...(options.drainsPods === false ? {} : { drainer }),
    allowedHostPaths: options.allowedHostPaths,
    pulled,
  })
  const stopWaiting = network.state.subscribe(() => {
    stopWaiting()
    pods.retryConfiguration()
  })
  const images = new ImageCollector({
    ...{ runtime, pulled, clock, limits: options.imageCollection, log: log.child({ part: 'images' }) },
    disk: () => facts.observations().get('nodefs.available'),
    event: (event) => link.reporter.event(event),
  })
  const pressureNews = new PressureNews(nodeName, (event) => link.reporter.event(event))
  const volumes = new VolumeRemover({ runtime, reporter: link.reporter, clock, log: log.child({ part: 'volumes' }) })
  const evictions = new EvictionManager({
    ...{
      runtime,
      pods,
      clock,
      maxPodGraceSeconds: options.eviction.maxPodGraceSeconds,
      log: log.child({ part: 'eviction' }),
    },
    look: () => facts.look(),
    observations: () => facts.observations(),
    due: () => facts.dueThresholds(),
    reclaim: async (resource) => {
      if (resource !== 'ephemeral-storage' && resource !== 'inodes') return false
      const isAnyDiscarded = pods.discardEnded()
      return (await images.free()) > 0 || isAnyDiscarded
    },
    event: (event) => link.reporter.event(event),
  })
  const isWholeMachine = Object.keys(options.offer.capacity).every((name) => name === 'pods')
  const metrics = new MetricsServer(
    new UsageMeter({
      ...{ runtime, clock, pods: () => pods.all() },
      machine: async () => (isWholeMachine ? readMachineUsage(clock.now()) : undefined),
    }),
  )
  const streams = new StreamRouter({
    logs: new LogsServer({ runtime, pods, clock, log: log.child({ part: 'logs' }) }),
    metrics,
    command: new CommandServer({ runtime, pods }),
    portForward: new PortForwardServer({ runtime }),
  })

  await pulled.load()
  await network.start()
  await facts.start(({ status }) => {
    pressureNews.take(status.conditions ?? [])
    pods.nodeChanged()
    link.nodeChanged()
  })
  pressureNews.take(facts.current().status.conditions ?? [])
  pods.start()
  evictions.start()
  images.start()
  link.start()
  return {
    async close() {
      link.close()
      images.stop()
      evictions.stop()
      pods.stop()
      volumes.stop()
      facts.stop()
      renewal.stop()
      await network.stop()
    },
  }
}

async function joinCluster(options: AgentOptions): Promise<NodeCredentials> {
  const held = await new CredentialStore(options.dataDir, options.random).load()
  return enrol({ ...options, token: await options.token(held === undefined) })
}

function withDevices(offer: NodeOffer, devices: readonly Device[]): NodeOffer {
  const extended = { ...offer.extended }
  for (const { resource } of devices) extended[resource] = (extended[resource] ?? 0) + 1
  return { ...offer, extended }
}
