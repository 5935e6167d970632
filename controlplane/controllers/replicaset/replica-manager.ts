import { PODS, type Pod, type ReplicaSet } from '../../../shared/api/kinds.ts'
import { keyOf, type Persisted } from '../../../shared/api/object.ts'
import { messageOf } from '../../../shared/error-message.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Expectations } from '../../reconcile/expectations.ts'
import { isNamespaceTerminating } from '../namespace-terminating.ts'
import { unlessGoneOrChanged } from '../unless-gone.ts'
import { podFromTemplate } from './pod-from-template.ts'
import { slowStart } from './slow-start.ts'

/** Pods created or deleted in one go, at most. */
const BURST = 500

/** Creates and deletes the Pods of ReplicaSets, and tells the expectations of each beforehand. */
export class ReplicaManager {
  readonly #client: Client
  readonly #expectations: Expectations
  readonly #recorder: EventRecorder

  constructor(client: Client, expectations: Expectations, recorder: EventRecorder) {
    this.#client = client
    this.#expectations = expectations
    this.#recorder = recorder
  }

  /** Resolves to what went wrong first, if anything. */
  async create(replicaSet: Persisted<ReplicaSet>, missing: number): Promise<unknown> {
    const key = keyOf(replicaSet)
    const count = Math.min(missing, BURST)
    this.#expectations.expectCreations(key, count)
    const { succeeded, error } = await slowStart(count, () => this.#createOne(replicaSet))
    for (let i = succeeded; i < count; i++) this.#expectations.creationObserved(key)
    return isNamespaceTerminating(error) ? undefined : error
  }

  /** Resolves to what went wrong first, if anything. */
  async delete(replicaSet: Persisted<ReplicaSet>, pods: readonly Persisted<Pod>[]): Promise<unknown> {
    const chosen = pods.slice(0, BURST)
    this.#expectations.expectDeletions(
      keyOf(replicaSet),
      chosen.map((pod) => pod.metadata.uid),
    )
    const results = await Promise.allSettled(chosen.map((pod) => this.#deleteOne(replicaSet, pod)))
    return results.find((result) => result.status === 'rejected')?.reason
  }

  async #createOne(replicaSet: Persisted<ReplicaSet>): Promise<void> {
    try {
      const pod = await this.#client.create(PODS, podFromTemplate(replicaSet))
      this.#recorder.event(replicaSet, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
    } catch (error) {
      if (!isNamespaceTerminating(error)) {
        this.#recorder.event(replicaSet, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`)
      }
      throw error
    }
  }

  async #deleteOne(replicaSet: Persisted<ReplicaSet>, { metadata }: Persisted<Pod>): Promise<void> {
    const { name, uid } = metadata
    const notObserved = () => this.#expectations.deletionObserved(keyOf(replicaSet), uid)
    try {
      const deletion = this.#client.delete(PODS, metadata, { preconditions: { uid } }).then(() => true)
      if (await unlessGoneOrChanged(deletion)) {
        this.#recorder.event(replicaSet, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      } else notObserved()
    } catch (error) {
      notObserved()
      this.#recorder.event(replicaSet, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`)
      throw error
    }
  }
}
