import {
  NODES,
  type Node,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import {
  dockerVolumeOf,
  nodeNameOf,
  VOLUME_DATA_FINALIZER,
  VOLUME_PROTECTION_FINALIZER,
} from '../../../shared/storage/local-volumes.ts'
import type { Client } from '../../client/client.ts'
import { type Controller, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { unlessGone } from '../unless-gone.ts'
import { VolumeWriter } from './volume-writer.ts'

type Volume = Persisted<PersistentVolume>

/** Keeps the phase of every volume, and ends those whose claim is gone, as their reclaim policy says. */
export class VolumeReclaimer implements Controller {
  readonly name = 'persistent-volume'
  readonly watches = [
    watch(PERSISTENT_VOLUMES, ({ object }) => [object.metadata.name]),
    watch(PERSISTENT_VOLUME_CLAIMS, ({ object, previous }) => this.#volumesOf(object, previous)),
    watch(NODES, ({ type, object }) => (type === 'deleted' ? this.#volumesOn(object) : [])),
  ]
  readonly #client: Client
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #volumes: Informer<PersistentVolume>
  readonly #nodes: Informer<Node>
  readonly #writer: VolumeWriter
  readonly #events: EventRecorder

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#claims = deps.informers.of(PERSISTENT_VOLUME_CLAIMS)
    this.#volumes = deps.informers.of(PERSISTENT_VOLUMES)
    this.#nodes = deps.informers.of(NODES)
    this.#writer = new VolumeWriter(deps.client)
    this.#events = createEventRecorder({ ...deps, component: 'persistentvolume-controller' })
  }

  async reconcile(name: ObjectKey): Promise<void> {
    const volume = this.#volumes.get(name)
    if (!volume) return
    const holder = await this.#holderOf(volume)
    await unlessGone(this.#keepPhase(volume, holder))
    if (volume.metadata.deletionTimestamp && holder !== 'claim') await unlessGone(this.#letGo(volume))
  }

  async #keepPhase(volume: Volume, holder: Holder): Promise<void> {
    switch (holder) {
      case 'nobody':
        return this.#writer.volumePhase(volume, 'Available')
      case 'claim':
        return this.#writer.volumePhase(volume, 'Bound')
      case 'otherVolume':
        // Its claim has taken another volume: it is free again, or of no use if it was made for that claim.
        if (dockerVolumeOf(volume) === undefined) return this.#writer.unbind(volume)
        return this.#release(volume)
      case 'gone':
        return this.#release(volume)
    }
  }

  async #release(volume: Volume): Promise<void> {
    if (volume.status?.phase !== 'Failed') await this.#writer.volumePhase(volume, 'Released')
    if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete' || volume.metadata.deletionTimestamp) return
    if (dockerVolumeOf(volume) === undefined) {
      const message = `error getting deleter volume plugin for volume ${JSON.stringify(volume.metadata.name)}: no deletable volume plugin matched`
      if (volume.status?.phase === 'Failed') return
      await this.#writer.volumePhase(volume, 'Failed', message)
      this.#events.event(volume, 'Warning', 'VolumeFailedDelete', message)
    } else {
      await this.#client.delete(PERSISTENT_VOLUMES, volume.metadata, { preconditions: { uid: volume.metadata.uid } })
    }
  }

  /** Nobody has it any more. Its data goes first, where it is to go and the node that has it is still there. */
  async #letGo(volume: Volume): Promise<void> {
    await this.#writer.dropFinalizer(volume, VOLUME_PROTECTION_FINALIZER)
    const isKept = volume.spec.persistentVolumeReclaimPolicy !== 'Delete'
    const nodeName = nodeNameOf(volume)
    const isOutOfReach = nodeName === undefined || !(await this.#nodeExists(nodeName))
    if (isKept || isOutOfReach) await this.#writer.dropFinalizer(volume, VOLUME_DATA_FINALIZER)
  }

  async #nodeExists(name: string): Promise<boolean> {
    return this.#nodes.get(name) !== undefined || (await unlessGone(this.#client.get(NODES, { name }))) !== undefined
  }

  /** A claim that the informer does not show is looked for in the API: data may hang on the answer. */
  async #holderOf({ metadata, spec: { claimRef } }: Volume): Promise<Holder> {
    if (!claimRef?.uid) return 'nobody'
    const { namespace = '', name = '', uid } = claimRef
    const shown = this.#claims.get(`${namespace}/${name}`)
    const claim =
      shown?.metadata.uid === uid
        ? shown
        : await unlessGone(this.#client.get(PERSISTENT_VOLUME_CLAIMS, { namespace, name }))
    if (claim?.metadata.uid !== uid) return 'gone'
    const { volumeName } = claim.spec
    return !volumeName || volumeName === metadata.name ? 'claim' : 'otherVolume'
  }

  #volumesOf(...claims: (PersistentVolumeClaim | undefined)[]): ObjectKey[] {
    const keys = claims.filter((claim) => claim !== undefined).map(keyOf)
    return this.#volumes
      .list()
      .filter(({ spec }) => spec.claimRef && keys.includes(`${spec.claimRef.namespace}/${spec.claimRef.name}`))
      .map(({ metadata }) => metadata.name)
  }

  #volumesOn({ metadata }: Persisted<Node>): ObjectKey[] {
    return this.#volumes
      .list()
      .filter((volume) => nodeNameOf(volume) === metadata.name)
      .map((volume) => volume.metadata.name)
  }
}

/** Who a volume says that it belongs to. `gone`: a claim that is no more. */
type Holder = 'nobody' | 'claim' | 'otherVolume' | 'gone'
