import {
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { Client } from '../../client/client.ts'

const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'

type Volume = Persisted<PersistentVolume>
type Claim = Persisted<PersistentVolumeClaim>

/** Writes what is decided about volumes and claims, unless another object has taken the name meanwhile. */
export class VolumeWriter {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  /** The volume first: of two claims that want it only one gets it. False where another was faster. */
  async bind(volume: Volume, claim: Claim): Promise<boolean> {
    const { namespace = '', name, uid, resourceVersion } = claim.metadata
    const taken = await this.#modifyVolume(volume, (draft) => {
      const { claimRef } = draft.spec
      if (claimRef && (claimRef.namespace !== namespace || claimRef.name !== name)) return false
      if (claimRef?.uid) return false
      if (!claimRef) draft.metadata.annotations = { ...draft.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' }
      draft.spec.claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion }
    })
    if (taken.spec.claimRef?.uid !== uid) return false
    await this.volumePhase(taken, 'Bound')
    await this.#modifyClaim(claim, (draft) => {
      const { volumeName } = draft.spec
      if (volumeName && volumeName !== volume.metadata.name) return false
      const { annotations = {} } = draft.metadata
      if (!volumeName) annotations[BOUND_BY_CONTROLLER] = 'yes'
      draft.metadata.annotations = { ...annotations, [BIND_COMPLETED]: 'yes' }
      draft.spec.volumeName = volume.metadata.name
    })
    await this.#claimBound(claim, taken)
    return true
  }

  async #claimBound(claim: Claim, { metadata, spec }: Volume): Promise<void> {
    const capacity = { storage: spec.capacity?.storage ?? '0' }
    await this.#modifyClaim(
      claim,
      (draft) => {
        if (draft.spec.volumeName !== metadata.name) return false
        draft.status = { ...draft.status, phase: 'Bound', accessModes: spec.accessModes ?? [], capacity }
      },
      true,
    )
  }

  async claimPhase(claim: Claim, phase: 'Pending' | 'Lost'): Promise<void> {
    if (claim.status?.phase === phase) return
    await this.#modifyClaim(claim, (draft) => assignStatus(draft, { phase }), true)
  }

  async claimClass(claim: Claim, storageClassName: string): Promise<void> {
    await this.#modifyClaim(claim, (draft) => {
      if (draft.spec.storageClassName !== undefined) return false
      draft.spec.storageClassName = storageClassName
    })
  }

  async deselectNode(claim: Claim, annotation: string): Promise<void> {
    await this.#modifyClaim(claim, ({ metadata }) => {
      if (metadata.annotations?.[annotation] === undefined) return false
      delete metadata.annotations[annotation]
    })
  }

  /** `message` says why, where it is not as it should be. */
  async volumePhase(volume: Volume, phase: string, message?: string): Promise<void> {
    if (volume.status?.phase === phase) return
    const more = message === undefined ? {} : { message }
    await this.#modifyVolume(volume, (draft) => assignStatus(draft, { phase, ...more }), true)
  }

  /** Takes back a binding that came to nothing. */
  async unbind(volume: Volume): Promise<void> {
    const { claimRef: _, ...spec } = volume.spec
    await this.#modifyVolume(volume, (draft) => {
      if (draft.spec.claimRef?.uid !== volume.spec.claimRef?.uid) return false
      draft.spec = spec
    })
  }

  async dropFinalizer(object: Volume | Claim, finalizer: string): Promise<void> {
    const kind = object.metadata.namespace === undefined ? PERSISTENT_VOLUMES : PERSISTENT_VOLUME_CLAIMS
    await this.#client.modify<PersistentVolume | PersistentVolumeClaim>(kind, object.metadata, (draft) => {
      const finalizers = draft.metadata.finalizers ?? []
      if (draft.metadata.uid !== object.metadata.uid || !finalizers.includes(finalizer)) return false
      draft.metadata.finalizers = finalizers.filter((each) => each !== finalizer)
    })
  }

  #modifyVolume(volume: Volume, change: (draft: Volume) => false | void, status = false): Promise<Volume> {
    const { name, uid } = volume.metadata
    const guarded = (draft: Volume) => (draft.metadata.uid === uid ? change(draft) : false)
    return this.#client.modify(PERSISTENT_VOLUMES, { name }, guarded, { status })
  }

  #modifyClaim(claim: Claim, change: (draft: Claim) => false | void, status = false): Promise<Claim> {
    const guarded = (draft: Claim) => (draft.metadata.uid === claim.metadata.uid ? change(draft) : false)
    return this.#client.modify(PERSISTENT_VOLUME_CLAIMS, claim.metadata, guarded, { status })
  }
}

function assignStatus<S>(draft: { status?: S }, status: S): void {
  draft.status = status
}
