import type { Container, Pod, PodStatus, ResourceRequirements } from '../../../shared/api/generated/core-v1.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { containerStatusesOf } from '../../container-statuses.ts'
import { isSidecar } from '../restart-policy.ts'
import { type ResizeEvent, resizeEvents } from './resize-events.ts'

/** Why the node cannot give a Pod what it now asks for. */
export interface ResizeRefusal {
  /** `Infeasible`: never on this node. `Deferred`: not now. */
  reason: 'Infeasible' | 'Deferred'
  message: string
}

const RESIZABLE = ['cpu', 'memory']

/**
 * What one Pod's containers have been given of the node. At first it is what they ask for, or what the API says an
 * earlier agent gave them; afterwards a wish is granted where the node has room for it.
 */
export class PodResize {
  readonly #refuse: (pod: Persisted<Pod>) => ResizeRefusal | undefined
  #allocated: Map<string, ResourceRequirements> | undefined
  #pending: ResizeRefusal | undefined
  /** And not told yet. */
  #isGranted = false

  constructor(refuse: (pod: Persisted<Pod>) => ResizeRefusal | undefined) {
    this.#refuse = refuse
  }

  /** Why the newest wish is not granted; nothing where it is. */
  get pending(): ResizeRefusal | undefined {
    return this.#pending
  }

  /** The Pod with what its containers have been given instead of what they ask for. */
  granted(pod: Persisted<Pod>): Persisted<Pod> {
    return withResources(pod, this.#given(pod))
  }

  /** Sees whether the Pod asks for something else by now, and whether the node has room for that. */
  decide(pod: Persisted<Pod>): void {
    const wanted = wishesOf(pod)
    const isWish = !isSame(wanted, this.#given(pod))
    this.#pending = isWish ? this.#refuse(pod) : undefined
    if (this.#pending) return
    this.#allocated = wanted
    this.#isGranted ||= isWish
  }

  /** What there is to tell after the Pod's status was computed anew; a wish that was granted is told once. */
  news(pod: Persisted<Pod>, before: PodStatus | undefined, after: PodStatus): ResizeEvent[] {
    const isGranted = this.#isGranted
    this.#isGranted = false
    return resizeEvents({ wanted: pod, allocated: this.granted(pod), isGranted, before, after })
  }

  #given(pod: Persisted<Pod>): Map<string, ResourceRequirements> {
    this.#allocated ??= isGrantedInApi(pod) ? wishesOf(pod) : allocationsInApi(pod)
    return this.#allocated
  }
}

function wishesOf(pod: Pod): Map<string, ResourceRequirements> {
  return new Map(resizable(pod).map(({ name, resources = {} }) => [name, resources]))
}

/** An earlier agent saw the Pod as it is now, and nothing of it waits; it may not be done. */
function isGrantedInApi({ metadata, status }: Pod): boolean {
  const isSeen = status?.observedGeneration !== undefined && status.observedGeneration === metadata.generation
  return isSeen && !status.conditions?.some(({ type }) => type === 'PodResizePending')
}

function allocationsInApi(pod: Pod): Map<string, ResourceRequirements> {
  const statuses = containerStatusesOf(pod.status)
  return new Map(
    resizable(pod).map(({ name, resources = {} }) => {
      const known = statuses.find((status) => status.name === name)
      if (!known?.allocatedResources) return [name, resources]
      const requests = { ...resources.requests, ...known.allocatedResources }
      const limits = { ...resources.limits, ...known.resources?.limits }
      return [name, { ...resources, requests, ...(Object.keys(limits).length > 0 ? { limits } : {}) }]
    }),
  )
}

function resizable(pod: Pod): Container[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => isSidecar(pod, container))
  return [...sidecars, ...(pod.spec?.containers ?? [])]
}

function withResources(pod: Persisted<Pod>, allocated: ReadonlyMap<string, ResourceRequirements>): Persisted<Pod> {
  const apply = (container: Container) => {
    const resources = allocated.get(container.name)
    return resources ? { ...container, resources } : container
  }
  const spec = pod.spec ?? { containers: [] }
  const { initContainers } = spec
  return {
    ...pod,
    spec: {
      ...spec,
      containers: spec.containers.map(apply),
      ...(initContainers ? { initContainers: initContainers.map(apply) } : {}),
    },
  }
}

function isSame(a: ReadonlyMap<string, ResourceRequirements>, b: ReadonlyMap<string, ResourceRequirements>): boolean {
  return [...a].every(([name, { requests, limits }]) => {
    const other = b.get(name)
    return RESIZABLE.every(
      (resource) =>
        requests?.[resource] === other?.requests?.[resource] && limits?.[resource] === other?.limits?.[resource],
    )
  })
}
