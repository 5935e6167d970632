import {
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeClaim,
  STORAGE_CLASSES,
  type StorageClass,
} from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { compareStrings } from '../../../shared/compare-strings.ts'
import { areBound, bestVolume, isReservedFor } from '../../../shared/storage/claim-matching.ts'
import { isDefaultClass, LOCAL_PROVISIONER, SELECTED_NODE_ANNOTATION } from '../../../shared/storage/local-volumes.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { unlessGone } from '../unless-gone.ts'
import { LocalProvisioner } from './local-provisioner.ts'
import { VolumeWriter } from './volume-writer.ts'

/** What waits for something that no watch tells of is looked at again so often. */
const RETRY_MS = 15_000

type Claim = Persisted<PersistentVolumeClaim>

/** Gives every claim its volume: one that is there and fits, or one that is made for it. */
export class ClaimBinder implements Controller {
  readonly name = 'persistent-volume-claim'
  readonly watches = [
    watch(PERSISTENT_VOLUME_CLAIMS, ({ object }) => [keyOf(object)]),
    watch(PERSISTENT_VOLUMES, (change) => this.#onVolume(change)),
    watch(STORAGE_CLASSES, () => this.#unbound()),
  ]
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #volumes: Informer<PersistentVolume>
  readonly #classes: Informer<StorageClass>
  readonly #writer: VolumeWriter
  readonly #provisioner: LocalProvisioner
  readonly #events: EventRecorder

  constructor(deps: ControllerDeps) {
    this.#claims = deps.informers.of(PERSISTENT_VOLUME_CLAIMS)
    this.#volumes = deps.informers.of(PERSISTENT_VOLUMES)
    this.#classes = deps.informers.of(STORAGE_CLASSES)
    this.#writer = new VolumeWriter(deps.client)
    this.#provisioner = new LocalProvisioner(deps)
    this.#events = createEventRecorder({ ...deps, component: 'persistentvolume-controller' })
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const claim = this.#claims.get(key)
    if (!claim) return undefined
    return unlessGone(claim.spec.volumeName ? this.#keepBound(claim, claim.spec.volumeName) : this.#find(claim))
  }

  async #keepBound(claim: Claim, volumeName: string): Promise<Requeue | undefined> {
    const volume = this.#volumes.get(volumeName)
    const wasBound = claim.status?.phase === 'Bound'
    if (!volume) {
      if (wasBound)
        await this.#lose(claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
      return { requeueAfterMs: RETRY_MS }
    }
    if (areBound(volume, claim)) {
      if (!wasBound) await this.#writer.bind(volume, claim)
      return undefined
    }
    if (!volume.spec.claimRef || (isReservedFor(volume, claim) && !volume.spec.claimRef.uid)) {
      if (await this.#writer.bind(volume, claim)) return undefined
    } else if (wasBound) {
      await this.#lose(claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
    } else {
      this.#tell(
        claim,
        'Warning',
        'FailedBinding',
        `volume ${JSON.stringify(volumeName)} already bound to a different claim.`,
      )
    }
    return { requeueAfterMs: RETRY_MS }
  }

  async #lose(claim: Claim, reason: string, message: string): Promise<void> {
    await this.#writer.claimPhase(claim, 'Lost')
    this.#tell(claim, 'Warning', reason, message)
  }

  async #find(claim: Claim): Promise<Requeue | undefined> {
    if (claim.metadata.deletionTimestamp) return undefined
    const className = claim.spec.storageClassName ?? this.#defaultClass()
    if (claim.spec.storageClassName === undefined && className !== undefined) {
      await this.#writer.claimClass(claim, className)
      return undefined
    }
    const storageClass = className ? this.#classes.get(className) : undefined
    const isDelayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
    const isChosen = claim.metadata.annotations?.[SELECTED_NODE_ANNOTATION] !== undefined
    // Where the Pod decides the node, only a volume that is kept for the claim may be taken before.
    const volume = bestVolume(claim, this.#volumes.list(), () => !isDelayed)
    if (volume && (await this.#writer.bind(volume, claim))) return undefined
    if (isDelayed && !isChosen) {
      this.#tell(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
    } else if (className) return this.#make(claim, className, storageClass)
    else {
      const message = 'no persistent volumes available for this claim and no storage class is set'
      this.#tell(claim, 'Normal', 'FailedBinding', message)
    }
    return { requeueAfterMs: RETRY_MS }
  }

  async #make(claim: Claim, className: string, storageClass: Persisted<StorageClass> | undefined): Promise<Requeue> {
    const again = { requeueAfterMs: RETRY_MS }
    if (!storageClass) {
      const message = `storageclass.storage.k8s.io ${JSON.stringify(className)} not found`
      this.#tell(claim, 'Warning', 'ProvisioningFailed', message)
      return again
    }
    const { provisioner } = storageClass
    if (provisioner !== LOCAL_PROVISIONER) {
      const waiting = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
      this.#tell(claim, 'Normal', 'ExternalProvisioning', waiting)
      return again
    }
    const provisioned = await this.#provisioner.provision(claim, storageClass)
    if (provisioned.kind === 'made') {
      this.#tell(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${provisioned.name}`)
    } else if (provisioned.kind === 'nodeGone') await this.#writer.deselectNode(claim, SELECTED_NODE_ANNOTATION)
    else this.#tell(claim, 'Warning', 'ProvisioningFailed', 'no node can hold the volume')
    return again
  }

  /** The newest, where there are several; of those of one second the first by name. */
  #defaultClass(): string | undefined {
    const defaults = this.#classes.list().filter(isDefaultClass)
    const newestFirst = defaults.sort(
      (a, b) =>
        compareStrings(b.metadata.creationTimestamp, a.metadata.creationTimestamp) ||
        compareStrings(a.metadata.name, b.metadata.name),
    )
    return newestFirst[0]?.metadata.name
  }

  /** Its claim, and while it is free those that it may fit. */
  #onVolume({ object }: Change<PersistentVolume>): ObjectKey[] {
    const { claimRef } = object.spec
    return claimRef ? [`${claimRef.namespace}/${claimRef.name}`] : this.#unbound()
  }

  #unbound(): ObjectKey[] {
    return this.#claims
      .list()
      .filter(({ status }) => status?.phase !== 'Bound')
      .map(keyOf)
  }

  #tell(claim: Claim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#events.event(claim, type, reason, message)
  }
}
