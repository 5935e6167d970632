import { isDeepStrictEqual } from 'node:util'
import {
  ENDPOINT_SLICES,
  ENDPOINTS,
  type Endpoints,
  NODES,
  type Node,
  SERVICES,
  type Service,
} from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { DNS_SERVICE } from '../../../shared/dns-service.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { hasSelector } from '../services/service-selection.ts'
import { planSlices } from '../slices/slice-plan.ts'
import { SliceWriter } from '../slices/slice-writer.ts'
import { dnsEndpointsObject } from './dns-endpoints-object.ts'
import { dnsEndpoint, dnsSlices, MANAGED_BY } from './dns-slices.ts'

const KEY = keyOf({ metadata: DNS_SERVICE })

/** Makes the nodes the endpoints of the DNS Service, unless a user has given it Pods to select. */
export class DnsEndpoints implements Controller {
  readonly name = 'dns-endpoints'
  readonly watches = [
    watch(SERVICES, ({ object }) => (keyOf(object) === KEY ? [KEY] : [])),
    watch(NODES, (change) => this.#onNode(change)),
    watch(ENDPOINTS, ({ object }) => (keyOf(object) === KEY ? [KEY] : [])),
    watch(ENDPOINT_SLICES, (change) => this.#writer.servicesOf(change)),
  ]
  readonly #client: Client
  readonly #services: Informer<Service>
  readonly #nodes: Informer<Node>
  readonly #endpoints: Informer<Endpoints>
  readonly #writer: SliceWriter

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#services = deps.informers.of(SERVICES)
    this.#nodes = deps.informers.of(NODES)
    this.#endpoints = deps.informers.of(ENDPOINTS)
    this.#writer = new SliceWriter(deps, MANAGED_BY)
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const service = this.#services.get(key)
    if (!service || service.metadata.deletionTimestamp || key !== KEY) return undefined
    const behindMs = this.#writer.behindMs(key)
    if (behindMs > 0) return { requeueAfterMs: behindMs }
    const isOurs = !hasSelector(service)
    const endpoints = this.#nodes.list().flatMap((node) => dnsEndpoint(node) ?? [])
    const desired = dnsSlices(service, endpoints)
    const wanted = isOurs ? desired : { ...desired, groups: [] }
    await this.#writer.carryOut(key, planSlices(wanted, this.#writer.slicesOf(key)))
    if (isOurs) await this.#keepEndpoints(dnsEndpointsObject(service, endpoints))
    return undefined
  }

  /** Only people and old clients read them. */
  async #keepEndpoints(wanted: Endpoints): Promise<void> {
    const current = this.#endpoints.get(KEY)
    if (!current) await this.#client.create(ENDPOINTS, wanted)
    else if (!isSaid(wanted, current)) {
      const metadata = { ...current.metadata, labels: wanted.metadata.labels }
      await this.#client.update(ENDPOINTS, { ...wanted, metadata } as Persisted<Endpoints>)
    }
  }

  #onNode({ type, object, previous }: Change<Node>): ObjectKey[] {
    const isSame = previous && isDeepStrictEqual(dnsEndpoint(previous), dnsEndpoint(object))
    return type === 'updated' && isSame ? [] : [KEY]
  }
}

function isSaid(wanted: Endpoints, { metadata, subsets = [] }: Endpoints): boolean {
  return isDeepStrictEqual([metadata.labels, subsets], [wanted.metadata.labels, wanted.subsets])
}
