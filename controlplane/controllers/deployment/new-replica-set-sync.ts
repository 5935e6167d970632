import { isApiError } from '../../../shared/api/api-error.ts'
import type { DeploymentCondition } from '../../../shared/api/generated/apps-v1.ts'
import { DEPLOYMENTS, type Deployment, REPLICA_SETS, type ReplicaSet } from '../../../shared/api/kinds.ts'
import { controllerOf, type Persisted } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../reconcile/event-recorder.ts'
import { findCondition, withCondition } from '../conditions.ts'
import { isNamespaceTerminating } from '../namespace-terminating.ts'
import { REVISION } from './annotations.ts'
import { type ProgressReason, progressDeadlineMs, progressing } from './deployment-conditions.ts'
import { newReplicaSet, refreshedReplicaSet } from './new-replica-set.ts'
import { findNewReplicaSet, sizeOf } from './replica-sets.ts'
import { templateForm } from './template-form.ts'

/**
 * Finds or makes the ReplicaSet of a Deployment's present template and keeps the revision of both. The Deployment
 * that is passed is the caller's draft: it gets the new revision and conditions, which are left to the caller to write.
 */
export class NewReplicaSetSync {
  readonly #client: Client
  readonly #clock: Clock
  readonly #recorder: EventRecorder

  constructor(client: Client, clock: Clock, recorder: EventRecorder) {
    this.#client = client
    this.#clock = clock
    this.#recorder = recorder
  }

  async find(
    deployment: Persisted<Deployment>,
    all: readonly Persisted<ReplicaSet>[],
  ): Promise<Persisted<ReplicaSet> | undefined> {
    const found = findNewReplicaSet(deployment, all)
    if (!found) return undefined
    const old = all.filter((set) => set !== found)
    const refreshed = refreshedReplicaSet(deployment, found, old)
    const current = refreshed ? await this.#client.update(REPLICA_SETS, refreshed) : found
    if (!findCondition(deployment.status?.conditions, 'Progressing')) {
      this.#note(deployment, 'True', 'FoundNewReplicaSet', `Found new replica set "${current.metadata.name}"`)
    }
    setRevision(deployment, current)
    return current
  }

  async create(
    deployment: Persisted<Deployment>,
    old: readonly Persisted<ReplicaSet>[],
  ): Promise<Persisted<ReplicaSet>> {
    const wanted = newReplicaSet(deployment, old)
    const { current, isNew } = await this.#createOrTake(deployment, wanted)
    const { name } = current.metadata
    if (isNew) {
      const size = sizeOf(current)
      const message = `Scaled up replica set ${name} from 0 to ${size}`
      if (size > 0) this.#recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message)
      this.#note(deployment, 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`)
    }
    setRevision(deployment, current)
    return current
  }

  async #createOrTake(deployment: Persisted<Deployment>, wanted: ReplicaSet) {
    try {
      return { current: await this.#client.create(REPLICA_SETS, wanted), isNew: true }
    } catch (error) {
      if (isApiError(error, 'AlreadyExists')) return this.#takeOrCollide(deployment, wanted, error)
      if (!isNamespaceTerminating(error)) await this.#reportFailure(deployment, wanted, error)
      throw error
    }
  }

  /** Either the informer has not shown our own yet, or the name is taken: then the next try makes another hash. */
  async #takeOrCollide(deployment: Persisted<Deployment>, wanted: ReplicaSet, error: unknown) {
    const { namespace = '', name = '' } = wanted.metadata
    const existing = await this.#client.get(REPLICA_SETS, { namespace, name })
    const isOurs = controllerOf(existing)?.uid === deployment.metadata.uid
    const { template } = existing.spec
    if (isOurs && template && templateForm(template) === templateForm(deployment.spec.template)) {
      return { current: existing, isNew: false }
    }
    deployment.status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 }
    await this.#client.updateStatus(DEPLOYMENTS, deployment)
    throw error
  }

  async #reportFailure(deployment: Persisted<Deployment>, wanted: ReplicaSet, error: unknown): Promise<void> {
    const message = `Failed to create new replica set "${wanted.metadata.name}": ${messageOf(error)}`
    this.#recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message)
    this.#note(deployment, 'False', 'ReplicaSetCreateError', message)
    await this.#client.updateStatus(DEPLOYMENTS, deployment)
  }

  #note(deployment: Deployment, status: 'True' | 'False', reason: ProgressReason, message: string): void {
    if (progressDeadlineMs(deployment) === undefined) return
    const condition: DeploymentCondition = progressing(status, reason, message, this.#clock.now())
    deployment.status = {
      ...deployment.status,
      conditions: withCondition(deployment.status?.conditions, condition),
    }
  }
}

/** Written with the status, which does not count as a new generation of what the user wants. */
function setRevision(deployment: Persisted<Deployment>, current: Persisted<ReplicaSet>): void {
  const revision = current.metadata.annotations?.[REVISION]
  if (revision === undefined) return
  deployment.metadata.annotations = { ...deployment.metadata.annotations, [REVISION]: revision }
}
