import { NODES, type Node, PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { type Clock, timestamp } from '../../../shared/clock.ts'
import type { Client } from '../../client/client.ts'
import type { Controller, Requeue } from '../../reconcile/controller.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { withDisruption } from '../pods/disruption.ts'
import { isPodFinished } from '../pods/pod-state.ts'
import { unlessGone, unlessGoneOrChanged } from '../unless-gone.ts'
import { surplusFinished } from './surplus-finished.ts'

export interface PodGcOptions {
  /** How long a node must have been missing before its Pods are deleted. Kubernetes waits 40 s; nodes here rejoin faster. */
  missingNodeQuarantineMs?: number
  /** Finished Pods kept for their logs and exit codes. */
  terminatedPodThreshold?: number
  roundMs?: number
}

/**
 * Deletes Pods that nobody else will: of nodes that are no more, and finished ones in masses. Pods that are on no node
 * need no collecting here: the API deletes them at once.
 */
export class PodGc implements Controller {
  readonly name = 'pod-gc'
  readonly watches = []
  readonly initialKeys = ['pods']
  readonly #client: Client
  readonly #clock: Clock
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #options: Required<PodGcOptions>
  /** Node names to when they were first missed. */
  #missing = new Map<string, number>()

  constructor(deps: ControllerDeps, options: PodGcOptions = {}) {
    this.#client = deps.client
    this.#clock = deps.clock
    this.#pods = deps.informers.of(PODS)
    this.#nodes = deps.informers.of(NODES)
    this.#options = {
      missingNodeQuarantineMs: 10_000,
      terminatedPodThreshold: 12_500,
      roundMs: 5_000,
      ...options,
    }
  }

  async reconcile(): Promise<Requeue> {
    const pods = this.#pods.list()
    for (const pod of surplusFinished(pods, this.#options.terminatedPodThreshold)) await this.#delete(pod)
    const lost = await this.#lostNodes(pods)
    for (const pod of pods) if (pod.spec.nodeName && lost.has(pod.spec.nodeName)) await this.#deleteOrphan(pod)
    return { requeueAfterMs: this.#options.roundMs }
  }

  /** Names of nodes that have been missing for long enough, and are. */
  async #lostNodes(pods: readonly Persisted<Pod>[]): Promise<Set<string>> {
    const nowMs = this.#clock.monotonic()
    const names = new Set(pods.map((pod) => pod.spec.nodeName ?? '').filter((name) => name && !this.#nodes.get(name)))
    this.#missing = new Map([...names].map((name) => [name, this.#missing.get(name) ?? nowMs]))
    const lost = new Set<string>()
    for (const [name, sinceMs] of this.#missing) {
      if (nowMs - sinceMs >= this.#options.missingNodeQuarantineMs && !(await this.#exists(name))) lost.add(name)
    }
    return lost
  }

  async #exists(name: string): Promise<boolean> {
    return (await unlessGone(this.#client.get(NODES, { name }))) !== undefined
  }

  /** Nobody will report how it ended, so it counts as failed. */
  async #deleteOrphan(pod: Persisted<Pod>): Promise<void> {
    const { uid } = pod.metadata
    await unlessGone(this.#client.modify(PODS, pod.metadata, (draft) => this.#markFailed(draft, uid), { status: true }))
    await this.#delete(pod)
  }

  #markFailed(pod: Persisted<Pod>, uid: string): false | undefined {
    if (pod.metadata.uid !== uid || isPodFinished(pod)) return false
    const message = 'PodGC: node no longer exists'
    const status = withDisruption(pod.status, 'DeletionByPodGC', message, timestamp(this.#clock.now()))
    pod.status = { ...status, phase: 'Failed' }
    return undefined
  }

  async #delete({ metadata }: Persisted<Pod>): Promise<void> {
    const options = { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } }
    await unlessGoneOrChanged(this.#client.delete(PODS, metadata, options))
  }
}
