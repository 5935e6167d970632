import { isDeepStrictEqual } from 'node:util'
import { isApiError } from '../../../shared/api/api-error.ts'
import { ENDPOINTS, type Endpoints, PODS, SERVICES, type Service } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { messageOf } from '../../../shared/error-message.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { isNamespaceTerminating } from '../namespace-terminating.ts'
import { BurstLimit } from '../services/burst-limit.ts'
import { hasSelector, ServiceSelection } from '../services/service-selection.ts'
import { unlessGoneOrChanged } from '../unless-gone.ts'
import { isOurs, withState } from './service-endpoints.ts'

/** Only people and old clients read them: traffic follows the EndpointSlices. */
const BURST_MS = 100

/** Keeps an Endpoints object of the same name for every Service that selects Pods. It ends with the Service. */
export class EndpointsController implements Controller {
  readonly name = 'endpoints'
  readonly concurrency = 5
  readonly watches = [
    watch(SERVICES, ({ object }) => [keyOf(object)]),
    watch(PODS, (change) => this.#selection.keysTouchedBy(change)),
    watch(ENDPOINTS, (change) => this.#onEndpoints(change)),
  ]
  readonly #client: Client
  readonly #services: Informer<Service>
  readonly #endpoints: Informer<Endpoints>
  readonly #selection: ServiceSelection
  readonly #recorder: EventRecorder
  readonly #burst: BurstLimit

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#services = deps.informers.of(SERVICES)
    this.#endpoints = deps.informers.of(ENDPOINTS)
    this.#selection = new ServiceSelection(deps.informers)
    this.#recorder = createEventRecorder({ ...deps, component: 'endpoint-controller' })
    this.#burst = new BurstLimit(deps.clock, BURST_MS)
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const service = this.#services.get(key)
    if (!service) {
      this.#burst.forget(key)
      await this.#remove(key)
      return undefined
    }
    if (!hasSelector(service) || service.spec.type === 'ExternalName') return undefined
    const current = this.#endpoints.get(key)
    const next = withState(current, service, this.#selection.podsOf(service))
    if (isDeepStrictEqual(next, current)) return undefined
    const waitMs = this.#burst.waitMs(key)
    if (waitMs > 0) return { requeueAfterMs: waitMs }
    await this.#write(service, current, next)
    this.#burst.wrote(key)
    return undefined
  }

  /** Those of a Service that is gone, also where they were made by hand, as upstream. */
  async #remove(key: ObjectKey): Promise<void> {
    const endpoints = this.#endpoints.get(key)
    if (!endpoints) return
    const { uid } = endpoints.metadata
    await unlessGoneOrChanged(this.#client.delete(ENDPOINTS, endpoints.metadata, { preconditions: { uid } }))
  }

  async #write(service: Persisted<Service>, current: Persisted<Endpoints> | undefined, next: Endpoints): Promise<void> {
    try {
      if (current) await this.#client.update(ENDPOINTS, next as Persisted<Endpoints>)
      else await this.#client.create(ENDPOINTS, next)
    } catch (error) {
      if (isNamespaceTerminating(error)) return
      // These two only say that the informer is a moment behind.
      if (!isApiError(error, 'Conflict') && !isApiError(error, 'AlreadyExists')) this.#tell(service, current, error)
      throw error
    }
  }

  #tell(service: Persisted<Service>, current: Endpoints | undefined, error: unknown): void {
    const key = keyOf(service)
    const [reason, what] = current
      ? ['FailedToUpdateEndpoint', `update endpoint ${key}`]
      : ['FailedToCreateEndpoint', `create endpoint for service ${key}`]
    this.#recorder.event(service, 'Warning', reason, `Failed to ${what}: ${messageOf(error)}`)
  }

  /** Endpoints made by hand may be there before their Service is. */
  #onEndpoints({ object }: Change<Endpoints>): ObjectKey[] {
    const key = keyOf(object)
    return this.#services.get(key) || isOurs(object) ? [key] : []
  }
}
