import { isApiError } from '../../../shared/api/api-error.ts'
import { ENDPOINT_SLICES, NODES, type Node, PODS, type Pod, SERVICES, type Service } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { SLICE_CONTROLLER } from '../../../shared/endpoint-slices.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { ZONE_LABEL } from '../../../shared/topology-labels.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import { podsByNode } from '../../reconcile/pods-by-node.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { BurstLimit } from '../services/burst-limit.ts'
import { hasSelector, ServiceSelection } from '../services/service-selection.ts'
import { isEmptyPlan, planSlices } from '../slices/slice-plan.ts'
import { SliceWriter } from '../slices/slice-writer.ts'
import { serviceSlices } from './service-slices.ts'

const BURST_MS = 20

/** Keeps the EndpointSlices of every Service that selects Pods. They end with it, as what it owns. */
export class EndpointSliceController implements Controller {
  readonly name = 'endpointslice'
  readonly concurrency = 10
  readonly watches = [
    watch(SERVICES, (change) => this.#onService(change)),
    watch(PODS, (change) => this.#selection.keysTouchedBy(change)),
    watch(NODES, (change) => this.#onNode(change)),
    watch(ENDPOINT_SLICES, (change) => this.#writer.servicesOf(change)),
  ]
  readonly #services: Informer<Service>
  readonly #nodes: Informer<Node>
  readonly #selection: ServiceSelection
  readonly #podsOn: (nodeName: string) => readonly Persisted<Pod>[]
  readonly #writer: SliceWriter
  readonly #recorder: EventRecorder
  readonly #burst: BurstLimit

  constructor(deps: ControllerDeps) {
    this.#services = deps.informers.of(SERVICES)
    this.#nodes = deps.informers.of(NODES)
    this.#selection = new ServiceSelection(deps.informers)
    this.#podsOn = podsByNode(deps.informers)
    this.#writer = new SliceWriter(deps, SLICE_CONTROLLER)
    this.#recorder = createEventRecorder({ ...deps, component: 'endpoint-slice-controller' })
    this.#burst = new BurstLimit(deps.clock, BURST_MS)
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const service = this.#services.get(key)
    if (!service || service.metadata.deletionTimestamp || !hasSelector(service)) return undefined
    if (service.spec.type === 'ExternalName') return undefined
    const behindMs = this.#writer.behindMs(key)
    if (behindMs > 0) return { requeueAfterMs: behindMs }
    const desired = serviceSlices(service, this.#selection.podsOf(service), ({ spec }) =>
      this.#nodes.get(spec.nodeName ?? ''),
    )
    const plan = planSlices(desired, this.#writer.slicesOf(key))
    if (isEmptyPlan(plan)) return undefined
    const waitMs = this.#burst.waitMs(key)
    if (waitMs > 0) return { requeueAfterMs: waitMs }
    await this.#tellFailure(service, this.#writer.carryOut(key, plan))
    this.#burst.wrote(key)
    return undefined
  }

  async #tellFailure(service: Persisted<Service>, work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      // A Conflict only says that somebody else has just written a slice; it is decided anew.
      if (!isApiError(error, 'Conflict')) {
        const message = `Error updating Endpoint Slices for Service ${keyOf(service)}: ${messageOf(error)}`
        this.#recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message)
      }
      throw error
    }
  }

  #onService({ type, object }: Change<Service>): ObjectKey[] {
    if (type === 'deleted') this.#burst.forget(keyOf(object))
    return [keyOf(object)]
  }

  /** Endpoints wait for their node to be known, and tell its zone. */
  #onNode({ type, object, previous }: Change<Node>): ObjectKey[] {
    const isSame = previous?.metadata.labels?.[ZONE_LABEL] === object.metadata.labels?.[ZONE_LABEL]
    if (type === 'deleted' || (previous && isSame)) return []
    const services = this.#podsOn(object.metadata.name).flatMap((pod) => this.#selection.servicesOf(pod))
    return [...new Set(services.map(keyOf))]
  }
}
