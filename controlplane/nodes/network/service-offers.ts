import type { Endpoint } from '../../../shared/api/generated/discovery-v1.ts'
import type { EndpointSlice, Service } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { MANAGED_BY_LABEL, SLICE_CONTROLLER, serviceKeyOf } from '../../../shared/endpoint-slices.ts'
import type { NetworkDifference } from './network-log.ts'

/** Which Pods the Services offer to new connections, as nodes were told last. */
export class ServiceOffers {
  readonly #services = new Map<ObjectKey, Persisted<Service>>()
  readonly #slices = new Map<ObjectKey, Persisted<EndpointSlice>>()
  readonly #slicesOfService = new KeyIndex()
  /** By Pod UID. */
  readonly #slicesOfPod = new KeyIndex()

  /** Takes over what nodes are told now. Returns the UIDs of Pods that were offered before and are not any more. */
  apply(differences: readonly NetworkDifference[]): string[] {
    const concerned = new Set(differences.flatMap(({ before }) => this.#concernedBy(before)))
    const offered = [...concerned].filter((uid) => this.isOffered(uid))
    for (const { before, after } of differences) {
      if (before?.kind === 'Service') this.#services.delete(keyOf(before.object))
      if (before?.kind === 'EndpointSlice') this.#forget(before.object)
      if (after?.kind === 'Service') this.#services.set(keyOf(after.object), after.object)
      if (after?.kind === 'EndpointSlice') this.#learn(after.object)
    }
    return offered.filter((uid) => !this.isOffered(uid))
  }

  /**
   * Some Service gives the Pod to new connections. Those that publish addresses that are not ready do so as long as
   * there is the Pod, so they do not count; nor does a Service whose only endpoints are ending, which has nobody else.
   */
  isOffered(podUid: string): boolean {
    return [...this.#slicesOfPod.of(podUid)].some((key) => {
      const slice = this.#slices.get(key)
      const service = slice && this.#services.get(serviceKeyOf(slice) ?? '')
      if (!service || service.spec?.publishNotReadyAddresses) return false
      return entriesOf(slice, podUid).some(({ conditions }) => conditions?.ready !== false)
    })
  }

  /** The Service's slices name the Pod, and as one that is ending wherever they do. */
  isEndingIn(service: ObjectKey, podUid: string): boolean {
    const keys = [...this.#slicesOfService.of(service)].filter((key) => this.#slicesOfPod.of(podUid).has(key))
    const entries = keys.flatMap((key) => entriesOf(this.#slices.get(key), podUid))
    return entries.length > 0 && entries.every(({ conditions }) => conditions?.terminating === true)
  }

  #concernedBy(before: NetworkDifference['before']): string[] {
    if (before?.kind === 'EndpointSlice') return podsOf(before.object)
    if (before?.kind !== 'Service') return []
    return [...this.#slicesOfService.of(keyOf(before.object))].flatMap((key) => podsOf(this.#slices.get(key)))
  }

  /** What others than the slice controller wrote nobody takes back because a Pod ends. */
  #learn(slice: Persisted<EndpointSlice>): void {
    if (slice.metadata.labels?.[MANAGED_BY_LABEL] !== SLICE_CONTROLLER) return
    const key = keyOf(slice)
    this.#slices.set(key, slice)
    this.#slicesOfService.add(serviceKeyOf(slice) ?? '', key)
    for (const uid of podsOf(slice)) this.#slicesOfPod.add(uid, key)
  }

  #forget(slice: Persisted<EndpointSlice>): void {
    const key = keyOf(slice)
    this.#slices.delete(key)
    this.#slicesOfService.remove(serviceKeyOf(slice) ?? '', key)
    for (const uid of podsOf(slice)) this.#slicesOfPod.remove(uid, key)
  }
}

class KeyIndex {
  readonly #keys = new Map<string, Set<ObjectKey>>()

  of(value: string): ReadonlySet<ObjectKey> {
    return this.#keys.get(value) ?? NONE
  }

  add(value: string, key: ObjectKey): void {
    const known = this.#keys.get(value)
    if (known) known.add(key)
    else this.#keys.set(value, new Set([key]))
  }

  remove(value: string, key: ObjectKey): void {
    const known = this.#keys.get(value)
    known?.delete(key)
    if (known?.size === 0) this.#keys.delete(value)
  }
}

const NONE: ReadonlySet<ObjectKey> = new Set()

function entriesOf(slice: EndpointSlice | undefined, podUid: string): Endpoint[] {
  return (slice?.endpoints ?? []).filter(({ targetRef }) => targetRef?.uid === podUid)
}

function podsOf(slice: EndpointSlice | undefined): string[] {
  return (slice?.endpoints ?? []).flatMap(({ targetRef }) => (targetRef?.uid ? [targetRef.uid] : []))
}
