import { isApiError } from '../../../shared/api/api-error.ts'
import type { Volume } from '../../../shared/api/generated/core-v1.ts'
import { PERSISTENT_VOLUME_CLAIMS, type PersistentVolumeClaim, PODS, type Pod } from '../../../shared/api/kinds.ts'
import { controllerOf, keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { claimNameOf } from '../../../shared/storage/pod-claims.ts'
import type { Client } from '../../client/client.ts'
import { type Controller, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { controllerRefTo } from '../ownership/controller-ref.ts'
import { isPodActive } from '../pods/pod-state.ts'

/** Makes the claims of a Pod's ephemeral volumes. They are the Pod's own, and go with it. */
export class EphemeralVolumeController implements Controller {
  readonly name = 'ephemeral-volume'
  readonly watches = [watch(PODS, ({ object }) => (object.spec.volumes?.some(isEphemeral) ? [keyOf(object)] : []))]
  readonly #client: Client
  readonly #pods: Informer<Pod>
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #events: EventRecorder

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#pods = deps.informers.of(PODS)
    this.#claims = deps.informers.of(PERSISTENT_VOLUME_CLAIMS)
    this.#events = createEventRecorder({ ...deps, component: 'ephemeral_volume' })
  }

  async reconcile(key: ObjectKey): Promise<void> {
    const pod = this.#pods.get(key)
    if (!pod || !isPodActive(pod)) return
    for (const volume of pod.spec.volumes ?? []) if (isEphemeral(volume)) await this.#ensure(pod, volume)
  }

  async #ensure(pod: Persisted<Pod>, volume: Volume): Promise<void> {
    const claim = claimFor(pod, volume)
    const known = this.#claims.get(keyOf(claim))
    if (known && controllerOf(known)?.uid === pod.metadata.uid) return
    try {
      if (!known) await this.#client.create(PERSISTENT_VOLUME_CLAIMS, claim)
    } catch (error) {
      if (isApiError(error, 'AlreadyExists')) throw error
      const message = `ephemeral volume ${volume.name}: create PVC ${claim.metadata.name}: ${messageOf(error)}`
      this.#events.event(pod, 'Warning', 'FailedBinding', message)
      throw error
    }
    if (!known) return
    const message = `ephemeral volume ${volume.name}: PVC ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`
    this.#events.event(pod, 'Warning', 'FailedBinding', message)
    throw new Error(message)
  }
}

function isEphemeral({ ephemeral }: Volume): boolean {
  return ephemeral?.volumeClaimTemplate !== undefined
}

function claimFor(pod: Persisted<Pod>, volume: Volume): PersistentVolumeClaim {
  const { name, namespace = '' } = pod.metadata
  const template = volume.ephemeral?.volumeClaimTemplate
  const { labels, annotations } = template?.metadata ?? {}
  return {
    metadata: {
      name: claimNameOf(volume, name) ?? '',
      namespace,
      ownerReferences: [controllerRefTo(PODS, pod)],
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    spec: template?.spec ?? {},
  }
}
