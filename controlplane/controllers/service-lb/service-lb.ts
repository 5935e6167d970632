import { isDeepStrictEqual } from 'node:util'
import {
  ENDPOINT_SLICES,
  type EndpointSlice,
  NODES,
  type Node,
  SERVICES,
  type Service,
} from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { serviceKeyOf } from '../../../shared/endpoint-slices.ts'
import { isOwnBalancer } from '../../../shared/own-balancer.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { slicesByService } from '../slices/slices-by-service.ts'
import { unlessGone } from '../unless-gone.ts'
import { balancerAddresses, externalAddress } from './balancer-addresses.ts'

/** Gives Services of type LoadBalancer the nodes' own addresses: there is no balancer but the nodes. */
export class ServiceLb implements Controller {
  readonly name = 'service-lb'
  readonly watches = [
    watch(SERVICES, ({ object }) => (isOwnBalancer(object) ? [keyOf(object)] : [])),
    watch(NODES, (change) => this.#onNode(change)),
    watch(ENDPOINT_SLICES, (change) => this.#onSlice(change)),
  ]
  readonly #client: Client
  readonly #services: Informer<Service>
  readonly #nodes: Informer<Node>
  readonly #slicesOf: ReturnType<typeof slicesByService>
  readonly #recorder: EventRecorder

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#services = deps.informers.of(SERVICES)
    this.#nodes = deps.informers.of(NODES)
    this.#slicesOf = slicesByService(deps.informers)
    this.#recorder = createEventRecorder({ ...deps, component: 'service-lb-controller' })
  }

  async reconcile(key: ObjectKey): Promise<void> {
    const service = this.#services.get(key)
    if (!service || service.metadata.deletionTimestamp || !isOwnBalancer(service)) return
    const addresses = balancerAddresses(service, this.#nodes.list(), this.#slicesOf(key))
    const before = addressesIn(service)
    if (addresses.length === 0 && !this.#isLocal(key)) this.#tellNone(service)
    if (isDeepStrictEqual(addresses, before)) return
    await this.#write(service, addresses)
    if (addresses.length > 0) this.#tell(service, before, addresses)
  }

  async #write({ metadata }: Persisted<Service>, addresses: string[]): Promise<void> {
    const ingress = addresses.map((ip) => ({ ip, ipMode: 'VIP' }))
    const change = (draft: Persisted<Service>) => {
      if (draft.metadata.uid !== metadata.uid || !isOwnBalancer(draft)) return false
      draft.status = { ...draft.status, loadBalancer: ingress.length > 0 ? { ingress } : {} }
      return undefined
    }
    await unlessGone(this.#client.modify(SERVICES, metadata, change, { status: true }))
  }

  #tell(service: Persisted<Service>, before: string[], addresses: string[]): void {
    if (before.length === 0) {
      this.#recorder.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')
      return
    }
    const message = `Updated LoadBalancer with new IPs: [${before.join(' ')}] -> [${addresses.join(' ')}]`
    this.#recorder.event(service, 'Normal', 'UpdatedLoadBalancer', message)
  }

  #tellNone(service: Persisted<Service>): void {
    const message = 'There are no available nodes for LoadBalancer'
    this.#recorder.event(service, 'Warning', 'UnAvailableLoadBalancer', message)
  }

  #onNode({ type, object, previous }: Change<Node>): ObjectKey[] {
    if (type === 'updated' && previous && externalAddress(previous) === externalAddress(object)) return []
    return this.#services.list().filter(isOwnBalancer).map(keyOf)
  }

  #onSlice({ object }: Change<EndpointSlice>): ObjectKey[] {
    const key = serviceKeyOf(object)
    return key && this.#isLocal(key) ? [key] : []
  }

  #isLocal(key: ObjectKey): boolean {
    const service = this.#services.get(key)
    return service !== undefined && isOwnBalancer(service) && service.spec.externalTrafficPolicy === 'Local'
  }
}

function addressesIn({ status }: Service): string[] {
  return (status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip)
}
