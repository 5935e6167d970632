import type { Clock } from '../shared/clock.ts'
import { type ClusterFacts, DEFAULT_CLUSTER_FACTS } from '../shared/cluster-facts.ts'
import { DNS_SERVICE_PLACE } from '../shared/dns-service.ts'
import type { Ipv4Range } from '../shared/ipv4-range.ts'
import type { ApiWhereabouts } from '../shared/kubernetes-service.ts'
import type { Logger } from '../shared/log.ts'
import type { Random } from '../shared/random.ts'
import type { Client } from './client/client.ts'
import { createLocalClient } from './client/local-client.ts'
import { type ControllerDeps, type ControllerOptions, controllers } from './controllers/index.ts'
import { createNodeHub, type NodeHub } from './nodes/node-hub.ts'
import type { Controller } from './reconcile/controller.ts'
import { startController } from './reconcile/controller-loop.ts'
import { createEventRecorder } from './reconcile/event-recorder.ts'
import type { Informers } from './reconcile/informer.ts'
import { createInformers } from './reconcile/shared-informer.ts'
import { createRegistry } from './registry/create-registry.ts'
import { bootstrapNamespaces } from './registry/namespaces.ts'
import { bootstrapPriorityClasses } from './registry/priority/system-priority-classes.ts'
import type { Registry } from './registry/registry.ts'
import { bootstrapDnsService } from './registry/services/bootstrap-dns-service.ts'
import { bootstrapKubernetesService } from './registry/services/bootstrap-kubernetes-service.ts'
import { DEFAULT_SERVICE_NETWORK, type ServiceNetwork } from './registry/services/service-network.ts'
import { bootstrapStorageClass } from './registry/storage/default-class.ts'
import { startScheduler } from './scheduler/scheduler.ts'
import type { Store } from './store/store.ts'

export interface CoreOptions {
  store: Store
  clusterId: string
  clock: Clock
  random: Random
  log: Logger
  /** What Pods and Services have their addresses from. Absent: what is usual. */
  network?: ClusterNetwork
  /** Where Pods reach the API. Absent: they do not. */
  api?: ApiWhereabouts
  seams?: CoreSeams
}

export interface ClusterNetwork {
  readonly podRange: Ipv4Range
  readonly services: ServiceNetwork
}

/** Where something may stand between the core's parts, or in the place of one: to watch what passes, or to break it. */
export interface CoreSeams {
  /** What controllers, scheduler, nodes and informers get for the client. */
  client?(client: Client): Client
  informers?(informers: Informers): Informers
  controllers?(deps: ControllerDeps, options: ControllerOptions): Controller[]
}

/** The control plane without its doors: everything that needs no network, files or certificates. */
export interface Core {
  readonly registry: Registry
  readonly client: Client
  readonly nodeHub: NodeHub
  /** Ends all that runs and waits for it; the store stays open. */
  stop(): Promise<void>
}

const HTTPS_PORT = 443

/** Resolves once the API's objects can be served; controllers and scheduler begin when they have seen all there is. */
export async function startCore(options: CoreOptions): Promise<Core> {
  const { clusterId, clock, random, log, seams = {} } = options
  const registry = await openRegistry(options)
  const { client, informers } = createClientSide(registry, options)
  const nodeHub = createNodeHub({
    ...{ client, informers, clusterId, clock, random, log: log.child({ part: 'nodes' }) },
    cluster: clusterFacts(options.network),
  })
  const stopping = new AbortController()
  const deps = { client, informers, clock, random, log: log.child({ part: 'controllers' }) }
  const eventRecorder = createEventRecorder({ client, clock, random, log, component: 'default-scheduler' })

  const running = [
    ...(seams.controllers ?? controllers)(deps, controllerOptions(options)).map((controller) =>
      startController(controller, deps, stopping.signal),
    ),
    startScheduler({ ...deps, log: log.child({ part: 'scheduler' }), eventRecorder }, stopping.signal),
  ]
  informers.start(stopping.signal)
  return {
    registry,
    client,
    nodeHub,
    async stop() {
      nodeHub.close()
      stopping.abort()
      await Promise.all(running)
    },
  }
}

/** With the objects that every cluster has. */
async function openRegistry({ store, clock, random, log, network, api }: CoreOptions): Promise<Registry> {
  const { services = DEFAULT_SERVICE_NETWORK } = network ?? {}
  const serviceNetwork = services
  const registry = createRegistry({ store, clock, random, log: log.child({ part: 'registry' }), serviceNetwork })
  await bootstrapNamespaces(registry)
  await bootstrapPriorityClasses(registry)
  await bootstrapStorageClass(registry)
  await bootstrapKubernetesService(registry, services.addresses, api?.port ?? HTTPS_PORT)
  await bootstrapDnsService(registry, services.addresses, log)
  return registry
}

function controllerOptions({ network, api }: CoreOptions): ControllerOptions {
  const { services = DEFAULT_SERVICE_NETWORK } = network ?? {}
  return {
    ...(network ? { podRange: network.podRange } : {}),
    ...(api ? { api: { ...api, clusterIP: services.addresses.at(1) } } : {}),
  }
}

/** What nodes are told of the ranges. */
function clusterFacts(network: ClusterNetwork | undefined): ClusterFacts {
  if (!network) return DEFAULT_CLUSTER_FACTS
  const { podRange, services } = network
  const dnsAddress = services.addresses.at(DNS_SERVICE_PLACE)
  const ranges = { clusterCIDR: podRange.toString(), serviceCIDR: services.addresses.toString() }
  return { ...DEFAULT_CLUSTER_FACTS, ...ranges, dnsAddress }
}

function createClientSide(registry: Registry, { clock, random, log, seams = {} }: CoreOptions) {
  const local = createLocalClient(registry)
  const client = seams.client?.(local) ?? local
  const own = createInformers({ client, clock, random, log: log.child({ part: 'informers' }) })
  return { client, informers: seams.informers?.(own) ?? own }
}
