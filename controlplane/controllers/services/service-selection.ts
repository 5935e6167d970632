import { PODS, type Pod, SERVICES, type Service } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import type { Change } from '../../reconcile/controller.ts'
import type { Informer, Informers } from '../../reconcile/informer.ts'
import { changesEndpoints } from './pod-endpoints.ts'

const BY_LABEL = 'metadata.labels'
const BY_SELECTOR = 'spec.selector'

/** Which Pods belong to which Services, as the informers know it. A Service without a selector has none. */
export class ServiceSelection {
  readonly #pods: Informer<Pod>
  readonly #services: Informer<Service>

  constructor(informers: Informers) {
    this.#pods = informers.of(PODS)
    this.#services = informers.of(SERVICES)
    this.#pods.addIndex(BY_LABEL, ({ metadata }) => pairsOf(metadata.namespace, metadata.labels))
    // One pair is enough to find a Service by: a Pod that it selects has it.
    this.#services.addIndex(BY_SELECTOR, ({ metadata, spec }) => pairsOf(metadata.namespace, spec.selector).slice(0, 1))
  }

  podsOf({ metadata, spec }: Persisted<Service>): readonly Persisted<Pod>[] {
    const found = pairsOf(metadata.namespace, spec.selector).map((pair) => this.#pods.byIndex(BY_LABEL, pair))
    const fewest = found.reduce((least, pods) => (pods.length < least.length ? pods : least), found[0] ?? [])
    return fewest.filter((pod) => isSelected(pod.metadata.labels, spec.selector))
  }

  servicesOf({ metadata }: Persisted<Pod>): Persisted<Service>[] {
    return pairsOf(metadata.namespace, metadata.labels)
      .flatMap((pair) => this.#services.byIndex(BY_SELECTOR, pair))
      .filter(({ spec }) => isSelected(metadata.labels, spec.selector))
  }

  /** Keys of the Services whose endpoints may differ after a change of a Pod. */
  keysTouchedBy({ object, previous }: Change<Pod>): ObjectKey[] {
    if (previous && !changesEndpoints(previous, object)) return []
    const services = [...this.servicesOf(object), ...(previous ? this.servicesOf(previous) : [])]
    return [...new Set(services.map(keyOf))]
  }
}

/** True where the selector names something, as one that selects Pods must. */
export function hasSelector({ spec }: Service): boolean {
  return Object.keys(spec.selector ?? {}).length > 0
}

function isSelected(labels: Record<string, string> = {}, selector: Record<string, string> = {}): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}

function pairsOf(namespace = '', labels: Record<string, string> = {}): string[] {
  return Object.entries(labels).map(([key, value]) => `${namespace}/${key}=${value}`)
}
