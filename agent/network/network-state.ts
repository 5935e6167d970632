import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { NetworkFrame } from '../../shared/protocol/network-frames.ts'
import { AppliedVersions, type NetworkConsumer } from './applied-versions.ts'
import { NetworkObjects } from './network-objects.ts'
import type { NetworkChange, NetworkSnapshot } from './network-snapshot.ts'

export type NetworkListener = (snapshot: NetworkSnapshot, change: NetworkChange) => void

/** What the agent's parts see of the cluster's network. */
export interface NetworkView {
  /** As of the newest word, also while the control plane is away; undefined until the first. */
  snapshot(): NetworkSnapshot | undefined
  /** Calls for what there is, as if all of it had changed, then for every change. Returns the way to stop. */
  subscribe(listener: NetworkListener): () => void
  /** Joins those without whose word a version does not count as applied on this node. `name` is for the log. */
  consumer(name: string): NetworkConsumer
}

/** The cluster's network as this node knows it, and how far the node goes by it. */
export class NetworkState implements NetworkView {
  readonly #objects = new NetworkObjects()
  readonly #applied: AppliedVersions
  readonly #listeners = new Set<NetworkListener>()

  constructor(options: { clock: Clock; log: Logger }) {
    this.#applied = new AppliedVersions(options)
  }

  snapshot(): NetworkSnapshot | undefined {
    return this.#objects.snapshot
  }

  subscribe(listener: NetworkListener): () => void {
    const { snapshot } = this.#objects
    if (snapshot)
      listener(snapshot, { nodes: true, services: new Set([...snapshot.services.keys(), ...snapshot.slices.keys()]) })
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  consumer(name: string): NetworkConsumer {
    return this.#applied.consumer(name)
  }

  /** The version that all consumers go by. */
  get appliedVersion(): number {
    return this.#applied.version
  }

  /** Calls when `appliedVersion` has risen. */
  onApplied(listener: () => void): void {
    this.#applied.onRise(listener)
  }

  /** All frames of one change. Returns the version of the snapshot that has it: the same as before where nothing differs. */
  apply(frames: readonly NetworkFrame[]): number {
    const change = this.#objects.apply(frames)
    const { snapshot } = this.#objects
    if (!snapshot) throw new Error('a change without frames')
    if (!change) return snapshot.version
    this.#applied.offer(snapshot.version)
    for (const listener of this.#listeners) listener(snapshot, change)
    return snapshot.version
  }
}
