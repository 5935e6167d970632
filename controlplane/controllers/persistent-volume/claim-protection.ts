import { PERSISTENT_VOLUME_CLAIMS, type PersistentVolumeClaim, PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { ObjectKey, Persisted } from '../../../shared/api/object.ts'
import { keyOf } from '../../../shared/api/object.ts'
import { CLAIM_PROTECTION_FINALIZER } from '../../../shared/storage/local-volumes.ts'
import { claimNamesOf } from '../../../shared/storage/pod-claims.ts'
import { type Controller, watch } from '../../reconcile/controller.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { isPodFinished } from '../pods/pod-state.ts'
import { unlessGone } from '../unless-gone.ts'
import { VolumeWriter } from './volume-writer.ts'

const BY_CLAIM = 'claims'

/** Lets a claim that is being deleted go when no Pod that has a node uses it any more. */
export class ClaimProtection implements Controller {
  readonly name = 'claim-protection'
  readonly watches = [
    watch(PERSISTENT_VOLUME_CLAIMS, ({ object }) => (object.metadata.deletionTimestamp ? [keyOf(object)] : [])),
    watch(PODS, ({ object }) => claimKeysOf(object)),
  ]
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #pods: Informer<Pod>
  readonly #writer: VolumeWriter

  constructor({ client, informers }: ControllerDeps) {
    this.#claims = informers.of(PERSISTENT_VOLUME_CLAIMS)
    this.#pods = informers.of(PODS)
    this.#pods.addIndex(BY_CLAIM, claimKeysOf)
    this.#writer = new VolumeWriter(client)
  }

  async reconcile(key: ObjectKey): Promise<void> {
    const claim = this.#claims.get(key)
    if (!claim?.metadata.deletionTimestamp) return
    const users = this.#pods.byIndex(BY_CLAIM, key)
    if (users.some((pod) => pod.spec.nodeName && !isPodFinished(pod))) return
    await unlessGone(this.#writer.dropFinalizer(claim, CLAIM_PROTECTION_FINALIZER))
  }
}

function claimKeysOf({ metadata, spec }: Persisted<Pod>): ObjectKey[] {
  return claimNamesOf(spec, metadata.name).map((name) => `${metadata.namespace}/${name}`)
}
