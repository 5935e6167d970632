import { isDeepStrictEqual } from 'node:util'
import { ENDPOINT_SLICES, NODES, type Node, SERVICES, type Service } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey } from '../../../shared/api/object.ts'
import { DNS_SERVICE } from '../../../shared/dns-service.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { hasSelector } from '../services/service-selection.ts'
import { planSlices } from '../slices/slice-plan.ts'
import { SliceWriter } from '../slices/slice-writer.ts'
import { dnsEndpoint, dnsSlices, MANAGED_BY } from './dns-slices.ts'

const KEY = keyOf({ metadata: DNS_SERVICE })

/** Makes the nodes the endpoints of the DNS Service, unless a user has given it Pods to select. */
export class DnsEndpoints implements Controller {
  readonly name = 'dns-endpoints'
  readonly watches = [
    watch(SERVICES, ({ object }) => (keyOf(object) === KEY ? [KEY] : [])),
    watch(NODES, (change) => this.#onNode(change)),
    watch(ENDPOINT_SLICES, (change) => this.#writer.servicesOf(change)),
  ]
  readonly #services: Informer<Service>
  readonly #nodes: Informer<Node>
  readonly #writer: SliceWriter

  constructor(deps: ControllerDeps) {
    this.#services = deps.informers.of(SERVICES)
    this.#nodes = deps.informers.of(NODES)
    this.#writer = new SliceWriter(deps, MANAGED_BY)
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const service = this.#services.get(key)
    if (!service || service.metadata.deletionTimestamp || key !== KEY) return undefined
    const behindMs = this.#writer.behindMs(key)
    if (behindMs > 0) return { requeueAfterMs: behindMs }
    const desired = dnsSlices(service, this.#nodes.list())
    const wanted = hasSelector(service) ? { ...desired, groups: [] } : desired
    await this.#writer.carryOut(key, planSlices(wanted, this.#writer.slicesOf(key)))
    return undefined
  }

  #onNode({ type, object, previous }: Change<Node>): ObjectKey[] {
    const isSame = previous && isDeepStrictEqual(dnsEndpoint(previous), dnsEndpoint(object))
    return type === 'updated' && isSame ? [] : [KEY]
  }
}
