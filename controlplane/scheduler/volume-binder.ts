import {
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
} from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Clock } from '../../shared/clock.ts'
import { SELECTED_NODE_ANNOTATION } from '../../shared/storage/local-volumes.ts'
import type { Client } from '../client/client.ts'
import type { NodeInfo } from './node-info.ts'
import { choicesOn, isReachable, podVolumes } from './pod-volumes.ts'
import type { StorageView } from './storage.ts'

/** As long as kube-scheduler waits for volumes. */
const PATIENCE_MS = 600_000

/** Sees to it that the volumes of a Pod are bound on the node that was chosen for it, before the Pod is. */
export class VolumeBinder {
  readonly #client: Client
  readonly #clock: Clock
  readonly #storage: StorageView
  readonly #waiting = new Set<() => void>()

  constructor(client: Client, clock: Clock, storage: StorageView) {
    this.#client = client
    this.#clock = clock
    this.#storage = storage
  }

  /** Rejects where they cannot be had there after all. `isNeeded` turning false ends the wait. */
  async bind(pod: Persisted<Pod>, node: NodeInfo, isNeeded: () => boolean): Promise<void> {
    const volumes = podVolumes(pod, this.#storage)
    if (volumes === undefined) return
    if (typeof volumes === 'string') throw new Error(volumes)
    const choices = choicesOn(node, volumes.delayed, this.#storage)
    if (!choices) throw new Error(`no volume can be had on node ${node.name}`)
    for (const [claim, volume] of choices) {
      if (volume) await this.#reserve(volume, claim)
      else await this.#select(claim, node.name)
    }
    if (choices.size > 0) await this.#untilBound(pod, node, isNeeded)
  }

  /** Claims or volumes have changed. */
  changed(): void {
    for (const look of [...this.#waiting]) look()
  }

  /** The controller completes what is kept for a claim. */
  async #reserve(volume: Persisted<PersistentVolume>, { metadata }: Persisted<PersistentVolumeClaim>): Promise<void> {
    const { namespace = '', name, uid } = metadata
    const { spec } = await this.#client.modify(PERSISTENT_VOLUMES, { name: volume.metadata.name }, (draft) => {
      if (draft.metadata.uid !== volume.metadata.uid || draft.spec.claimRef?.uid) return false
      draft.spec.claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid }
    })
    if (spec.claimRef?.uid !== uid)
      throw new Error(`persistentvolume ${volume.metadata.name} was taken by another claim`)
  }

  async #select(claim: Persisted<PersistentVolumeClaim>, nodeName: string): Promise<void> {
    await this.#client.modify(PERSISTENT_VOLUME_CLAIMS, claim.metadata, ({ metadata }) => {
      const { annotations = {} } = metadata
      if (metadata.uid !== claim.metadata.uid || annotations[SELECTED_NODE_ANNOTATION] === nodeName) return false
      metadata.annotations = { ...annotations, [SELECTED_NODE_ANNOTATION]: nodeName }
    })
  }

  #untilBound(pod: Persisted<Pod>, node: NodeInfo, isNeeded: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        timer.cancel()
        this.#waiting.delete(look)
        settle()
      }
      const look = () => {
        const outcome = isNeeded() ? this.#outcome(pod, node) : 'the Pod is not waited for any more'
        if (outcome === 'bound') end(resolve)
        else if (outcome !== 'waiting') end(() => reject(new Error(outcome)))
      }
      const late = () => end(() => reject(new Error('binding volumes: context deadline exceeded')))
      const timer = this.#clock.after(PATIENCE_MS, late)
      this.#waiting.add(look)
      look()
    })
  }

  #outcome(pod: Persisted<Pod>, node: NodeInfo): 'bound' | 'waiting' | string {
    const volumes = podVolumes(pod, this.#storage)
    if (typeof volumes === 'string' || volumes === undefined) return volumes ?? 'bound'
    if (volumes.delayed.length > 0) return 'waiting'
    return volumes.bound.every((volume) => isReachable(volume, node)) ? 'bound' : 'a volume is bound on another node'
  }
}
