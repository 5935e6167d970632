import { type Deployment, REPLICA_SETS, type ReplicaSet } from '../../../shared/api/kinds.ts'
import { draft, type Persisted } from '../../../shared/api/object.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../reconcile/event-recorder.ts'
import { unlessGoneOrChanged } from '../unless-gone.ts'
import { sizeAnnotations } from './annotations.ts'
import { sizeOf } from './replica-sets.ts'
import type { Sizing } from './scaling.ts'

/** Puts into effect what was decided about a Deployment's ReplicaSets. */
export class ReplicaSetWriter {
  readonly #client: Client
  readonly #recorder: EventRecorder

  constructor(client: Client, recorder: EventRecorder) {
    this.#client = client
    this.#recorder = recorder
  }

  /** Resolves to true where a size changed. Conflict where a ReplicaSet is not as it was when that was decided. */
  async resize(deployment: Persisted<Deployment>, sizings: readonly Sizing[]): Promise<boolean> {
    let isChanged = false
    for (const sizing of sizings) isChanged = (await this.#resizeOne(deployment, sizing)) || isChanged
    return isChanged
  }

  async #resizeOne(deployment: Persisted<Deployment>, { replicaSet, replicas }: Sizing): Promise<boolean> {
    const before = sizeOf(replicaSet)
    const annotations = sizeAnnotations(deployment)
    const isStale = Object.entries(annotations).some(
      ([name, value]) => replicaSet.metadata.annotations?.[name] !== value,
    )
    if (before === replicas && !isStale) return false
    const next = draft(replicaSet)
    next.spec.replicas = replicas
    next.metadata.annotations = { ...next.metadata.annotations, ...annotations }
    await this.#client.update(REPLICA_SETS, next)
    if (before === replicas) return false
    const message = `Scaled ${before < replicas ? 'up' : 'down'} replica set ${next.metadata.name} from ${before} to ${replicas}`
    this.#recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message)
    return true
  }

  async delete({ metadata }: Persisted<ReplicaSet>): Promise<void> {
    const preconditions = { uid: metadata.uid }
    await unlessGoneOrChanged(this.#client.delete(REPLICA_SETS, metadata, { preconditions }))
  }
}
