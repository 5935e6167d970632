import { isDeepStrictEqual } from 'node:util'
import type { DeploymentStatus } from '../../../shared/api/generated/apps-v1.ts'
import {
  DEPLOYMENTS,
  type Deployment,
  PODS,
  type Pod,
  REPLICA_SETS,
  type ReplicaSet,
} from '../../../shared/api/kinds.ts'
import { controllerOf, draft, keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import { matchesLabelSelector } from '../../../shared/selectors.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { isNamespaceTerminating } from '../namespace-terminating.ts'
import { claim } from '../ownership/claim.ts'
import { managerOf } from '../ownership/controller-ref.ts'
import { indexByManager, managedBy } from '../ownership/managed-index.ts'
import { withPauseNoted } from './deployment-conditions.ts'
import { deploymentStatus, isComplete } from './deployment-status.ts'
import { expiredReplicaSets } from './history.ts'
import { NewReplicaSetSync } from './new-replica-set-sync.ts'
import { untilDeadlineMs, withProgress } from './progress.ts'
import { areOldPodsRunning, growNew, shrinkAll } from './recreate.ts'
import { ReplicaSetWriter } from './replica-set-writer.ts'
import { rollingUpdateStep } from './rolling-update.ts'
import { isRollingUpdate } from './rollout-bounds.ts'
import { isScaled, type ReplicaSets, scale } from './scaling.ts'

/** Moves each Deployment, one step per reconcile, from the Pods it has to those its template describes. */
export class DeploymentController implements Controller {
  readonly name = 'deployment'
  readonly concurrency = 5
  readonly watches = [
    watch(DEPLOYMENTS, ({ object }) => [keyOf(object)]),
    watch(REPLICA_SETS, (change) => this.#onReplicaSet(change)),
    watch(PODS, (change) => this.#onPod(change)),
  ]
  readonly #client: Client
  readonly #clock: Clock
  readonly #recorder: EventRecorder
  readonly #deployments: Informer<Deployment>
  readonly #replicaSets: Informer<ReplicaSet>
  readonly #pods: Informer<Pod>
  readonly #newSets: NewReplicaSetSync
  readonly #writer: ReplicaSetWriter

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#clock = deps.clock
    this.#recorder = createEventRecorder({ ...deps, component: 'deployment-controller' })
    this.#deployments = deps.informers.of(DEPLOYMENTS)
    this.#replicaSets = deps.informers.of(REPLICA_SETS)
    this.#pods = deps.informers.of(PODS)
    indexByManager(this.#replicaSets)
    indexByManager(this.#pods)
    this.#newSets = new NewReplicaSetSync(deps.client, deps.clock, this.#recorder)
    this.#writer = new ReplicaSetWriter(deps.client, this.#recorder)
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const known = this.#deployments.get(key)
    if (!known) return undefined
    try {
      return selectsAll(known) ? await this.#refuse(known) : await this.#sync(known)
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined
      throw error
    }
  }

  async #sync(known: Persisted<Deployment>): Promise<Requeue | undefined> {
    const all = await this.#claimReplicaSets(known)
    const deployment = draft(known)
    const current = await this.#newSets.find(deployment, all)
    const sets = { current, old: all.filter(({ metadata }) => metadata.uid !== current?.metadata.uid) }
    if (deployment.metadata.deletionTimestamp) return this.#writeStatus(known, this.#statusOf(deployment, sets))

    deployment.status = withPauseNoted(deployment, this.#clock.now())
    if (deployment.spec.paused || isScaled(deployment, sets)) return this.#resize(known, deployment, sets)
    return isRollingUpdate(deployment)
      ? this.#rollOut(known, deployment, sets)
      : this.#recreate(known, deployment, sets)
  }

  /** No step of a rollout, but the Deployment's size is kept. */
  async #resize(
    known: Persisted<Deployment>,
    deployment: Persisted<Deployment>,
    sets: ReplicaSets,
  ): Promise<undefined> {
    await this.#writer.resize(deployment, scale(deployment, sets))
    if (deployment.spec.paused) await this.#cleanUp(deployment, sets)
    await this.#writeStatus(known, this.#statusOf(deployment, sets))
  }

  async #rollOut(
    known: Persisted<Deployment>,
    deployment: Persisted<Deployment>,
    { current: found, old }: ReplicaSets,
  ): Promise<Requeue | undefined> {
    const current = found ?? (await this.#newSets.create(deployment, old))
    const isMoving = await this.#writer.resize(deployment, rollingUpdateStep(deployment, current, old))
    return this.#finish(known, deployment, { current, old }, isMoving)
  }

  async #recreate(
    known: Persisted<Deployment>,
    deployment: Persisted<Deployment>,
    { current: found, old }: ReplicaSets,
  ): Promise<Requeue | undefined> {
    const isShrinking = await this.#writer.resize(deployment, shrinkAll(old))
    const oldPods = old.flatMap(({ metadata }) => managedBy(this.#pods, metadata.uid))
    if (isShrinking || areOldPodsRunning(old, oldPods)) {
      return this.#finish(known, deployment, { current: found, old }, true)
    }
    const current = found ?? (await this.#newSets.create(deployment, old))
    await this.#writer.resize(deployment, growNew(deployment, current))
    return this.#finish(known, deployment, { current, old }, false)
  }

  async #finish(
    known: Persisted<Deployment>,
    deployment: Persisted<Deployment>,
    sets: ReplicaSets,
    isMoving: boolean,
  ): Promise<Requeue | undefined> {
    if (!isMoving && isComplete(deployment, deployment.status)) await this.#cleanUp(deployment, sets)
    const nowMs = this.#clock.now()
    const status = withProgress(deployment, deploymentStatus(deployment, sets, nowMs), sets, nowMs)
    await this.#writeStatus(known, { ...deployment, status })
    const requeueAfterMs = untilDeadlineMs(deployment, status, nowMs)
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs }
  }

  async #cleanUp(deployment: Persisted<Deployment>, { old }: ReplicaSets): Promise<void> {
    for (const replicaSet of expiredReplicaSets(deployment, old)) await this.#writer.delete(replicaSet)
  }

  #statusOf(deployment: Persisted<Deployment>, sets: ReplicaSets): Persisted<Deployment> {
    return { ...deployment, status: deploymentStatus(deployment, sets, this.#clock.now()) }
  }

  async #writeStatus(known: Persisted<Deployment>, next: Persisted<Deployment>): Promise<undefined> {
    const isSame = isDeepStrictEqual(written(known), written(next))
    if (!isSame) await this.#client.updateStatus(DEPLOYMENTS, next)
  }

  async #refuse(deployment: Persisted<Deployment>): Promise<undefined> {
    const message = 'This deployment is selecting all pods. A non-empty selector is required.'
    this.#recorder.event(deployment, 'Warning', 'SelectingAll', message)
    const status: DeploymentStatus = { ...deployment.status, observedGeneration: deployment.metadata.generation ?? 0 }
    await this.#writeStatus(deployment, { ...deployment, status })
  }

  #claimReplicaSets(deployment: Persisted<Deployment>): Promise<Persisted<ReplicaSet>[]> {
    return claim({
      client: this.#client,
      ownerKind: DEPLOYMENTS,
      owner: deployment,
      selector: deployment.spec.selector,
      kind: REPLICA_SETS,
      informer: this.#replicaSets,
    })
  }

  #onReplicaSet({ object, previous }: Change<ReplicaSet>): ObjectKey[] {
    const managers = [object, previous].map((set) => set && managerOf(set, DEPLOYMENTS, this.#deployments)?.key)
    const keys = managers.filter((key) => key !== undefined)
    return controllerOf(object) ? keys : [...keys, ...this.#whoMayAdopt(object)]
  }

  #whoMayAdopt(replicaSet: Persisted<ReplicaSet>): ObjectKey[] {
    return this.#deployments
      .list(replicaSet.metadata.namespace)
      .filter(({ spec }) => matchesLabelSelector(spec.selector, replicaSet.metadata.labels))
      .map(keyOf)
  }

  /** Recreate waits for the last old Pod to be gone. */
  #onPod({ type, object }: Change<Pod>): ObjectKey[] {
    if (type !== 'deleted') return []
    const replicaSet = managerOf(object, REPLICA_SETS, this.#replicaSets)?.owner
    const deployment = replicaSet && managerOf(replicaSet, DEPLOYMENTS, this.#deployments)
    return deployment && !isRollingUpdate(deployment.owner) ? [deployment.key] : []
  }
}

function selectsAll({ spec }: Deployment): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec.selector
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
}

/** What the status area of a Deployment writes. */
function written({ status, metadata }: Persisted<Deployment>): unknown {
  return [status, metadata.annotations ?? {}]
}
