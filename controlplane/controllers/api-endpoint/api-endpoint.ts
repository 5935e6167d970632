import { isDeepStrictEqual } from 'node:util'
import { isApiError } from '../../../shared/api/api-error.ts'
import {
  ENDPOINT_SLICES,
  ENDPOINTS,
  type EndpointSlice,
  type Endpoints,
  type Kind,
  SERVICES,
} from '../../../shared/api/kinds.ts'
import { type KubeObject, keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { SKIP_MIRROR_LABEL } from '../../../shared/endpoint-slices.ts'
import { type ApiWhereabouts, KUBERNETES_SERVICE, kubernetesService } from '../../../shared/kubernetes-service.ts'
import type { Client } from '../../client/client.ts'
import { type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import type { ControllerDeps } from '../controller-deps.ts'

export interface ApiEndpointOptions extends ApiWhereabouts {
  /** The address of the Service `kubernetes`. */
  clusterIP: string
}

/** No event tells that a machine has another address. */
const LOOK_AGAIN_MS = 10_000

const KEY = keyOf({ metadata: KUBERNETES_SERVICE })
const onlyOurs = ({ object }: { object: KubeObject }) => (keyOf(object) === KEY ? [KEY] : [])

/** Keeps the Service `kubernetes`, and its Endpoints and EndpointSlice, which say where the API is. */
export class ApiEndpointController implements Controller {
  readonly name = 'api-endpoint'
  readonly initialKeys: readonly ObjectKey[] = [KEY]
  readonly watches = [SERVICES, ENDPOINTS, ENDPOINT_SLICES].map((kind) => watch(kind as Kind, onlyOurs))
  readonly #client: Client
  readonly #options: ApiEndpointOptions

  constructor({ client, informers }: ControllerDeps, options: ApiEndpointOptions) {
    for (const kind of [SERVICES, ENDPOINTS, ENDPOINT_SLICES]) informers.of(kind as Kind)
    this.#client = client
    this.#options = options
  }

  async reconcile(): Promise<Requeue> {
    const { port, clusterIP } = this.#options
    await this.#keep(SERVICES, kubernetesService(clusterIP, port), () => true)
    const ip = this.#options.address()
    if (ip) await this.#keepEndpoint(ip, port)
    return { requeueAfterMs: LOOK_AGAIN_MS }
  }

  async #keepEndpoint(ip: string, port: number): Promise<void> {
    const endpoints = endpointsOf(ip, port)
    await this.#keep(ENDPOINTS, endpoints, ({ subsets }) => isDeepStrictEqual(subsets, endpoints.subsets))
    const slice = sliceOf(ip, port)
    const isRight = (current: EndpointSlice) =>
      isDeepStrictEqual([current.endpoints, current.ports], [slice.endpoints, slice.ports]) &&
      isLabelledAs(slice, current)
    await this.#keep(ENDPOINT_SLICES, slice, isRight)
  }

  /** Creates what is missing, and replaces what is not as it should be. */
  async #keep<T extends KubeObject>(kind: Kind<T>, wanted: T, isRight: (current: T) => boolean): Promise<void> {
    const current = await this.#find(kind)
    if (!current) await this.#client.create(kind, wanted)
    else if (!isRight(current)) await this.#client.update(kind, replaced(current, wanted))
  }

  async #find<T extends KubeObject>(kind: Kind<T>): Promise<Persisted<T> | undefined> {
    try {
      return await this.#client.get(kind, KUBERNETES_SERVICE)
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined
      throw error
    }
  }
}

function replaced<T extends KubeObject>(current: Persisted<T>, wanted: T): Persisted<T> {
  const labels = { ...current.metadata.labels, ...wanted.metadata.labels }
  return { ...current, ...wanted, metadata: { ...current.metadata, labels } }
}

function isLabelledAs(wanted: KubeObject, { metadata: { labels } }: KubeObject): boolean {
  return Object.entries(wanted.metadata.labels ?? {}).every(([key, value]) => labels?.[key] === value)
}

/** The label keeps the Endpoints from being mirrored into a second slice. */
function endpointsOf(ip: string, port: number): Endpoints {
  return {
    metadata: { ...KUBERNETES_SERVICE, labels: { [SKIP_MIRROR_LABEL]: 'true' } },
    subsets: [{ addresses: [{ ip }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  }
}

function sliceOf(ip: string, port: number): EndpointSlice {
  return {
    metadata: { ...KUBERNETES_SERVICE, labels: { 'kubernetes.io/service-name': KUBERNETES_SERVICE.name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }
}
