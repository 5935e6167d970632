import { NODES, type Node } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../../shared/cluster-facts.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { unlessGone } from '../unless-gone.ts'
import { RangePool } from './range-pool.ts'

export interface NodeIpamOptions {
  /** What the nodes' ranges are cut from. */
  podRange?: Ipv4Range
}

/** Gives each Node the range that its Pods' addresses come from, once. What is free is what no Node has, and none is about to get. */
export class NodeIpam implements Controller {
  readonly name = 'node-ipam'
  readonly watches = [watch(NODES, (change) => this.#onNode(change))]
  readonly #client: Client
  readonly #nodes: Informer<Node>
  readonly #events: EventRecorder
  readonly #ranges: RangePool

  constructor(
    deps: ControllerDeps,
    { podRange = Ipv4Range.parse(DEFAULT_CLUSTER_FACTS.clusterCIDR) }: NodeIpamOptions = {},
  ) {
    this.#client = deps.client
    this.#nodes = deps.informers.of(NODES)
    this.#events = createEventRecorder({ ...deps, component: 'cidrAllocator' })
    this.#ranges = new RangePool(podRange)
  }

  async reconcile(key: ObjectKey): Promise<void> {
    const node = this.#nodes.get(key)
    if (!node || hasRange(node)) return
    const { uid } = node.metadata
    const range = this.#ranges.give(uid)
    if (!range) return this.#tellNone(node)
    const written = await this.#write(node, range).catch((error) => {
      this.#ranges.release(uid)
      throw error
    })
    if (!written) this.#ranges.release(uid)
    else if (written.spec.podCIDR !== range) this.#ranges.hold(uid, rangesOf(written))
  }

  /** The Node as it is then, if it is still that one: what a user has set in the meantime stays. */
  async #write({ metadata }: Persisted<Node>, range: string): Promise<Persisted<Node> | undefined> {
    const { name, uid } = metadata
    const written = this.#client.modify(NODES, { name }, (draft) => {
      if (draft.metadata.uid !== uid || hasRange(draft)) return false
      draft.spec = { ...draft.spec, podCIDR: range, podCIDRs: [range] }
    })
    const node = await unlessGone(written)
    return node?.metadata.uid === uid ? node : undefined
  }

  /** A Node that goes leaves a range to those that have none. */
  #onNode({ type, object }: Change<Node>): ObjectKey[] {
    const { uid } = object.metadata
    if (type !== 'deleted') {
      if (!hasRange(object)) return [keyOf(object)]
      this.#ranges.hold(uid, rangesOf(object))
      return []
    }
    this.#ranges.release(uid)
    return this.#nodes
      .list()
      .filter((node) => !hasRange(node))
      .map(keyOf)
  }

  #tellNone(node: Persisted<Node>): void {
    const message = `Node ${node.metadata.name} status is now: CIDRNotAvailable`
    this.#events.event(node, 'Normal', 'CIDRNotAvailable', message)
  }
}

function hasRange({ spec }: Node): boolean {
  return Boolean(spec.podCIDR)
}

function rangesOf({ spec }: Node): string[] {
  return spec.podCIDRs ?? []
}
