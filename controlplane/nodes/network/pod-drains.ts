import { NODES, PODS, type Pod, SERVICES, type Service } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import type { Clock, Timer } from '../../../shared/clock.ts'
import { isFinalPhase } from '../../../shared/pod-phase.ts'
import type { Informers } from '../../reconcile/informer.ts'
import type { NetworkDifference } from './network-log.ts'
import type { NodeProgress } from './node-progress.ts'
import type { ServiceOffers } from './service-offers.ts'

export interface PodDrainsDeps {
  informers: Informers
  clock: Clock
  offers: ServiceOffers
  progress: NodeProgress
}

export interface DrainRequest {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly nodeName: string
  /** The connection that asks. */
  readonly asker: object
  /** Called once, when the Pod is drained. */
  answer(): void
}

/**
 * Tells when a Pod that is being deleted gets no new connections any more: no Service offers it, and every node goes by a
 * version that says so. That it is not offered is believed only when the controller of its slices has seen the deletion,
 * which shows in its own words: it names the Pod as one that is ending in every Service that selects it. Without that, a
 * slice that still is to be written could offer it again.
 */
export class PodDrains {
  readonly #deps: PodDrainsDeps
  readonly #waiting = new Map<string, DrainRequest>()
  /** By UID: the version with which a Pod was offered no more. Those that all nodes went by are forgotten. */
  readonly #withdrawn = new Map<string, number>()
  readonly #stops: (() => void)[]
  /** Of the Pods that are not remembered none was withdrawn after this. The first version may be a withdrawal of all. */
  #forgotten = 1
  #lateness: Timer | undefined

  constructor(deps: PodDrainsDeps) {
    this.#deps = deps
    const settle = () => this.settle()
    this.#stops = [
      deps.informers.of(NODES).onChange(settle),
      deps.informers.of(PODS).onChange(({ object }) => {
        if (this.#waiting.has(object.metadata.uid)) settle()
      }),
    ]
  }

  /** Takes the place of an earlier request for the same Pod. False for a Pod of another node, which is no business of this. */
  ask(request: DrainRequest): boolean {
    const { spec } = this.#podOf(request) ?? {}
    if (spec && spec.nodeName !== request.nodeName) return false
    this.#waiting.set(request.uid, request)
    this.settle()
    return true
  }

  /** The connection is gone; the agent will ask again over the next. */
  forget(asker: object): void {
    for (const [uid, request] of this.#waiting) if (request.asker === asker) this.#waiting.delete(uid)
  }

  /** There is a new version. */
  published(version: number, differences: readonly NetworkDifference[]): void {
    for (const uid of this.#deps.offers.apply(differences)) {
      this.#withdrawn.delete(uid)
      this.#withdrawn.set(uid, version)
    }
    this.settle()
  }

  stop(): void {
    this.#waiting.clear()
    this.#lateness?.cancel()
    for (const stop of this.#stops) stop()
  }

  /** Answers who can be answered. Call when anything that it looks at has changed. */
  settle(): void {
    if (this.#waiting.size === 0 && this.#withdrawn.size === 0) return
    const { progress } = this.#deps
    const slowest = progress.slowest()
    for (const request of this.#waiting.values()) {
      if (slowest < this.#versionFor(request.uid) || !this.#isWithdrawn(request)) continue
      this.#waiting.delete(request.uid)
      request.answer()
    }
    this.#forgetUpTo(slowest)
    this.#watchForLateNodes()
  }

  #versionFor(uid: string): number {
    return this.#withdrawn.get(uid) ?? this.#forgotten
  }

  #isWithdrawn(request: DrainRequest): boolean {
    const { offers } = this.#deps
    const { uid } = request
    if (offers.isOffered(uid)) return false
    const pod = this.#podOf(request)
    if (!pod) return true
    return (
      pod.metadata.deletionTimestamp !== undefined && this.#awaited(pod).every((key) => offers.isEndingIn(key, uid))
    )
  }

  #podOf({ namespace, name, uid }: DrainRequest): Persisted<Pod> | undefined {
    const pod = this.#deps.informers.of(PODS).get(`${namespace}/${name}`)
    return pod?.metadata.uid === uid ? pod : undefined
  }

  /** The Services in whose slices the Pod must be. */
  #awaited(pod: Persisted<Pod>): ObjectKey[] {
    const { phase, podIP } = pod.status ?? {}
    if (!podIP || isFinalPhase(phase)) return []
    const services = this.#deps.informers.of(SERVICES).list(pod.metadata.namespace)
    return services.filter((service) => selects(service, pod)).map(keyOf)
  }

  #forgetUpTo(version: number): void {
    for (const [uid, at] of this.#withdrawn) {
      if (at > version) break
      this.#withdrawn.delete(uid)
      this.#forgotten = Math.max(this.#forgotten, at)
    }
  }

  /** Nothing tells that a node is late but the time. */
  #watchForLateNodes(): void {
    this.#lateness?.cancel()
    const delayMs = this.#waiting.size > 0 ? this.#deps.progress.nextLateMs() : undefined
    this.#lateness = delayMs === undefined ? undefined : this.#deps.clock.after(delayMs, () => this.settle())
  }
}

function selects({ spec }: Service, { metadata }: Pod): boolean {
  const selector = Object.entries(spec?.selector ?? {})
  if (selector.length === 0 || spec?.type === 'ExternalName') return false
  return selector.every(([key, value]) => metadata.labels?.[key] === value)
}
