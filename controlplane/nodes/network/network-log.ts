import { isDeepStrictEqual } from 'node:util'
import { ENDPOINT_SLICES, type Kind, NODES, SERVICES } from '../../../shared/api/kinds.ts'
import { type KubeObject, keyOf, type ObjectKey, type Persisted, splitKey } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { ClusterFacts } from '../../../shared/cluster-facts.ts'
import { Coalescer } from '../../../shared/coalescer.ts'
import { serviceKeyOf } from '../../../shared/endpoint-slices.ts'
import { encodeFrame } from '../../../shared/protocol/codec.ts'
import type { NetworkFrame, NetworkObject, NetworkReference } from '../../../shared/protocol/network-frames.ts'
import type { Informers } from '../../reconcile/informer.ts'
import { frameParts } from '../frame-parts.ts'
import { networkNode, networkService, networkSlice } from './network-objects.ts'
import { RecentChanges } from './recent-changes.ts'

/** Changes that come together, such as a scaled Deployment's endpoints, go in one frame. */
const COALESCE_MS = 10

export interface NetworkLogDeps {
  informers: Informers
  clock: Clock
  cluster: ClusterFacts
}

/** One object before and after a change of the log. */
export interface NetworkDifference {
  readonly before: NetworkObject | undefined
  readonly after: NetworkObject | undefined
}

type Listener = (version: number, differences: readonly NetworkDifference[]) => void

/**
 * What nodes are told of the network, in versions that are the same for all of them. Each change is encoded once, and
 * all of it once for each version that somebody needs whole.
 */
export class NetworkLog {
  readonly #deps: NetworkLogDeps
  readonly #publishing: Coalescer
  readonly #published = new Map<string, NetworkObject>()
  readonly #recent = new RecentChanges()
  readonly #listeners: Listener[] = []
  readonly #stops: (() => void)[]
  /** Objects that may differ from what is published: how each is now. */
  #dirty = new Map<string, () => NetworkObject | undefined>()
  #whole: { version: number; messages: readonly string[] } | undefined
  #isStarted = false
  #version = 0

  constructor(deps: NetworkLogDeps) {
    this.#deps = deps
    this.#publishing = new Coalescer({ clock: deps.clock, intervalMs: COALESCE_MS, run: () => this.#publish() })
    this.#stops = [
      this.#follow('Node', NODES, networkNode),
      this.#follow('Service', SERVICES, networkService),
      this.#follow('EndpointSlice', ENDPOINT_SLICES, (slice) =>
        serviceKeyOf(slice) ? networkSlice(slice) : undefined,
      ),
    ]
  }

  /** Of what is published; 0 before that. */
  get version(): number {
    return this.#version
  }

  /** Call when the informers are synced: what is missing before that is not gone. The first version is out at once. */
  start(): void {
    this.#isStarted = true
    this.#publish()
  }

  stop(): void {
    this.#isStarted = false
    this.#publishing.cancel()
    for (const stop of this.#stops) stop()
  }

  /** Calls after each new version. */
  onPublish(listener: Listener): void {
    this.#listeners.push(listener)
  }

  /** The encoded frames that bring a holder of `version` up to date; from 0, or from too long ago, all anew. */
  messagesAfter(version: number): readonly string[] {
    return (version === 0 ? undefined : this.#recent.after(version)) ?? this.#complete()
  }

  #follow<T extends KubeObject>(
    name: NetworkObject['kind'],
    kind: Kind<T>,
    leanOf: (object: Persisted<T>) => NetworkObject | undefined,
  ): () => void {
    const informer = this.#deps.informers.of(kind)
    return informer.onChange(({ object }) => {
      const key = keyOf(object)
      this.#dirty.set(`${name}/${key}`, () => {
        const current = informer.get(key)
        return current && leanOf(current)
      })
      if (this.#isStarted) this.#publishing.soon()
    })
  }

  #publish(): void {
    const dirty = this.#dirty
    this.#dirty = new Map()
    const changes = [...dirty].flatMap(([key, current]) => {
      const [before, after] = [this.#published.get(key), current()]
      return isSame(before, after) ? [] : [{ key, before, after }]
    })
    if (changes.length === 0 && this.#version > 0) return
    this.#version++
    for (const { key, after } of changes) {
      if (after) this.#published.set(key, after)
      else this.#published.delete(key)
    }
    this.#recent.add(this.#version, this.#incremental(changes))
    for (const listener of this.#listeners) listener(this.#version, changes)
  }

  #incremental(changes: readonly (NetworkDifference & { key: string })[]): string[] {
    const set = changes.flatMap(({ after }) => (after ? [after] : []))
    const remove = changes.flatMap(({ key, after }) => (after ? [] : [referenceTo(key)]))
    return this.#encode({ mode: 'incremental', appliesTo: this.#version - 1 }, set, remove)
  }

  #complete(): readonly string[] {
    if (this.#whole?.version !== this.#version) {
      const messages = this.#encode({ mode: 'complete', appliesTo: 0 }, this.#published.values(), [])
      this.#whole = { version: this.#version, messages }
    }
    return this.#whole.messages
  }

  #encode(
    header: Pick<NetworkFrame, 'mode' | 'appliesTo'>,
    set: Iterable<NetworkObject>,
    remove: NetworkReference[],
  ): string[] {
    const { cluster } = this.#deps
    const parts = frameParts(set)
    return parts.map((part, index) =>
      encodeFrame({
        type: 'network',
        ...header,
        resultsIn: this.#version,
        more: index < parts.length - 1,
        cluster,
        set: part,
        remove: index === 0 ? remove : [],
      }),
    )
  }
}

function referenceTo(key: string): NetworkReference {
  const slash = key.indexOf('/')
  const { namespace = '', name } = splitKey(key.slice(slash + 1) as ObjectKey)
  return { kind: key.slice(0, slash) as NetworkReference['kind'], namespace, name }
}

/** As far as nodes care: most writes of a Node, and some of a slice, tell them nothing. */
function isSame(before: NetworkObject | undefined, after: NetworkObject | undefined): boolean {
  return isDeepStrictEqual(essence(before), essence(after))
}

function essence(it: NetworkObject | undefined): unknown {
  if (!it || it.kind === 'Node') return it?.object
  const { resourceVersion: _, ...metadata } = it.object.metadata
  return { ...it.object, metadata }
}
