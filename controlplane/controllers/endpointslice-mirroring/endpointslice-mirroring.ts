import { isApiError } from '../../../shared/api/api-error.ts'
import { ENDPOINT_SLICES, ENDPOINTS, type Endpoints, SERVICES, type Service } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { hasSelector } from '../services/service-selection.ts'
import { planSlices, type SlicePlan } from '../slices/slice-plan.ts'
import { SliceWriter } from '../slices/slice-writer.ts'
import { MANAGED_BY, MOST_MIRRORED, mayBeMirrored, mirroredSlices, skippedCount } from './mirrored-slices.ts'

/** Repeats Endpoints that were made by hand, for a Service without a selector, as EndpointSlices: traffic follows those. */
export class EndpointSliceMirroring implements Controller {
  readonly name = 'endpointslice-mirroring'
  readonly concurrency = 5
  readonly watches = [
    watch(SERVICES, ({ object, previous }) =>
      previous && hasSelector(previous) && hasSelector(object) ? [] : [keyOf(object)],
    ),
    watch(ENDPOINTS, ({ object }) => [keyOf(object)]),
    watch(ENDPOINT_SLICES, (change) => this.#writer.servicesOf(change)),
  ]
  readonly #services: Informer<Service>
  readonly #endpoints: Informer<Endpoints>
  readonly #writer: SliceWriter
  readonly #recorder: EventRecorder

  constructor(deps: ControllerDeps) {
    this.#services = deps.informers.of(SERVICES)
    this.#endpoints = deps.informers.of(ENDPOINTS)
    this.#writer = new SliceWriter(deps, MANAGED_BY)
    this.#recorder = createEventRecorder({ ...deps, component: 'endpoint-slice-mirroring-controller' })
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const behindMs = this.#writer.behindMs(key)
    if (behindMs > 0) return { requeueAfterMs: behindMs }
    const endpoints = this.#toMirror(key)
    const slices = this.#writer.slicesOf(key)
    if (!endpoints) {
      await this.#writer.carryOut(key, { create: [], update: [], remove: slices })
      return undefined
    }
    const skipped = skippedCount(endpoints)
    if (skipped > 0) this.#tellSkipped(endpoints, skipped)
    await this.#carryOut(endpoints, planSlices(mirroredSlices(endpoints), slices))
    return undefined
  }

  #toMirror(key: ObjectKey): Persisted<Endpoints> | undefined {
    const service = this.#services.get(key)
    const endpoints = this.#endpoints.get(key)
    const isMeant = service && !hasSelector(service) && endpoints && !endpoints.metadata.deletionTimestamp
    return isMeant && mayBeMirrored(endpoints) ? endpoints : undefined
  }

  async #carryOut(endpoints: Persisted<Endpoints>, plan: SlicePlan): Promise<void> {
    try {
      await this.#writer.carryOut(keyOf(endpoints), plan)
    } catch (error) {
      if (!isApiError(error, 'Conflict')) {
        const message = `Error updating Endpoint Slices for Endpoints ${keyOf(endpoints)}: ${messageOf(error)}`
        this.#recorder.event(endpoints, 'Warning', 'FailedToUpdateEndpointSlices', message)
      }
      throw error
    }
  }

  #tellSkipped(endpoints: Persisted<Endpoints>, count: number): void {
    const most = `A max of ${MOST_MIRRORED} addresses can be mirrored to EndpointSlices per Endpoints subset.`
    const message = `${most} ${count} addresses were skipped`
    this.#recorder.event(endpoints, 'Warning', 'TooManyAddressesToMirror', message)
  }
}
