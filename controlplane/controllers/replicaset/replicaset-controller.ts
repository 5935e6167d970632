import { isDeepStrictEqual } from 'node:util'
import { PODS, type Pod, REPLICA_SETS, type ReplicaSet } from '../../../shared/api/kinds.ts'
import { controllerOf, keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import { matchesLabelSelector } from '../../../shared/selectors.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import { createEventRecorder } from '../../reconcile/event-recorder.ts'
import { Expectations } from '../../reconcile/expectations.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { claim } from '../ownership/claim.ts'
import { managerOf } from '../ownership/controller-ref.ts'
import { indexByManager, managedBy } from '../ownership/managed-index.ts'
import { isPodActive, untilPodAvailableMs } from '../pods/pod-state.ts'
import { concernsOwner } from './concerns-owner.ts'
import { podsToDelete } from './deletion-order.ts'
import { ReplicaManager } from './replica-manager.ts'
import { replicaSetStatus } from './replicaset-status.ts'

/** Keeps `spec.replicas` Pods of each ReplicaSet. */
export class ReplicaSetController implements Controller {
  readonly name = 'replicaset'
  readonly concurrency = 5
  readonly watches = [
    watch(REPLICA_SETS, (change) => this.#onReplicaSet(change)),
    watch(PODS, (change) => this.#onPod(change)),
  ]
  readonly #client: Client
  readonly #clock: Clock
  readonly #replicaSets: Informer<ReplicaSet>
  readonly #pods: Informer<Pod>
  readonly #expectations: Expectations
  readonly #manager: ReplicaManager

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#clock = deps.clock
    this.#replicaSets = deps.informers.of(REPLICA_SETS)
    this.#pods = deps.informers.of(PODS)
    indexByManager(this.#replicaSets)
    indexByManager(this.#pods)
    this.#expectations = new Expectations(deps.clock)
    const recorder = createEventRecorder({ ...deps, component: 'replicaset-controller' })
    this.#manager = new ReplicaManager(deps.client, this.#expectations, recorder)
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const replicaSet = this.#replicaSets.get(key)
    if (!replicaSet) {
      this.#expectations.forget(key)
      return undefined
    }
    // Looked at before the Pods: what is observed in between then shows in the Pods, and not the other way round.
    const waitMs = this.#expectations.remainingMs(key)
    const pods = await this.#claimPods(replicaSet)
    const mayManage = waitMs === 0 && !replicaSet.metadata.deletionTimestamp
    const failure = mayManage ? await this.#manage(replicaSet, pods) : undefined
    await this.#writeStatus(replicaSet, pods, failure)
    if (failure !== undefined) throw failure
    return this.#nextLook(replicaSet, pods, waitMs)
  }

  #claimPods(replicaSet: Persisted<ReplicaSet>): Promise<Persisted<Pod>[]> {
    return claim({
      client: this.#client,
      ownerKind: REPLICA_SETS,
      owner: replicaSet,
      selector: replicaSet.spec.selector,
      kind: PODS,
      informer: this.#pods,
      isCandidate: isPodActive,
    })
  }

  async #manage(replicaSet: Persisted<ReplicaSet>, pods: readonly Persisted<Pod>[]): Promise<unknown> {
    const surplus = pods.length - (replicaSet.spec.replicas ?? 1)
    if (surplus < 0) return this.#manager.create(replicaSet, -surplus)
    if (surplus === 0) return undefined
    const options = { related: this.#relatedPods(replicaSet), nowMs: this.#clock.now() }
    return this.#manager.delete(replicaSet, podsToDelete(pods, surplus, options))
  }

  /** The Pods of all ReplicaSets that have the same owner as this one. */
  #relatedPods(replicaSet: Persisted<ReplicaSet>): Persisted<Pod>[] {
    const owner = controllerOf(replicaSet)
    const siblings = owner ? managedBy(this.#replicaSets, owner.uid) : [replicaSet]
    return siblings.flatMap((sibling) => managedBy(this.#pods, sibling.metadata.uid))
  }

  async #writeStatus(replicaSet: Persisted<ReplicaSet>, pods: Persisted<Pod>[], failure: unknown): Promise<void> {
    const status = replicaSetStatus(replicaSet, pods, failure, this.#clock.now())
    if (isDeepStrictEqual(status, replicaSet.status)) return
    await this.#client.modify(
      REPLICA_SETS,
      replicaSet.metadata,
      (draft) => {
        if (draft.metadata.uid !== replicaSet.metadata.uid) return false
        draft.status = status
      },
      { status: true },
    )
  }

  /** When something may change that no watch will tell: a Pod has been ready long enough, or expectations lapse. */
  #nextLook(replicaSet: Persisted<ReplicaSet>, pods: Persisted<Pod>[], waitMs: number): Requeue | undefined {
    const minReadySeconds = replicaSet.spec.minReadySeconds ?? 0
    const nowMs = this.#clock.now()
    const untilAvailable = pods.map((pod) => untilPodAvailableMs(pod, minReadySeconds, nowMs))
    const delays = [...untilAvailable, waitMs].filter((ms) => ms > 0 && Number.isFinite(ms))
    return delays.length > 0 ? { requeueAfterMs: Math.ceil(Math.min(...delays)) } : undefined
  }

  #onReplicaSet({ type, object }: Change<ReplicaSet>): ObjectKey[] {
    if (type === 'deleted') this.#expectations.forget(keyOf(object))
    return [keyOf(object)]
  }

  #onPod({ type, object, previous }: Change<Pod>): ObjectKey[] {
    const manager = managerOf(object, REPLICA_SETS, this.#replicaSets)
    if (manager) {
      // A Pod that terminates is as good as gone: its ReplicaSet no longer counts it.
      const isGoing = type === 'deleted' || object.metadata.deletionTimestamp !== undefined
      if (isGoing) this.#expectations.deletionObserved(manager.key, object.metadata.uid)
      else if (type === 'added') this.#expectations.creationObserved(manager.key)
    }
    if (previous && !concernsOwner(previous, object)) return []
    const former = previous && managerOf(previous, REPLICA_SETS, this.#replicaSets)
    const keys = [manager?.key, former?.key].filter((key) => key !== undefined)
    return controllerOf(object) || type === 'deleted' ? keys : [...keys, ...this.#whoMayAdopt(object)]
  }

  #whoMayAdopt(pod: Persisted<Pod>): ObjectKey[] {
    return this.#replicaSets
      .list(pod.metadata.namespace)
      .filter(({ spec }) => matchesLabelSelector(spec.selector, pod.metadata.labels))
      .map(keyOf)
  }
}
