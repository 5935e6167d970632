import { NODES, type Node } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { unlessGone } from '../unless-gone.ts'
import { freeRange } from './free-range.ts'

export interface NodeIpamOptions {
  /** What the nodes' ranges are cut from. */
  podRange?: Ipv4Range
}

export const DEFAULT_POD_CIDR = '10.42.0.0/16'

/**
 * Gives each Node the range that its Pods' addresses come from, once. What is free is what no Node has. It is looked up in
 * the API for every Node anew, one after the other, so that no two get the same whatever has been forgotten since.
 */
export class NodeIpam implements Controller {
  readonly name = 'node-ipam'
  readonly watches = [watch(NODES, (change) => this.#onNode(change))]
  readonly #client: Client
  readonly #nodes: Informer<Node>
  readonly #events: EventRecorder
  readonly #podRange: Ipv4Range

  constructor(deps: ControllerDeps, { podRange = Ipv4Range.parse(DEFAULT_POD_CIDR) }: NodeIpamOptions = {}) {
    this.#client = deps.client
    this.#nodes = deps.informers.of(NODES)
    this.#events = createEventRecorder({ ...deps, component: 'cidrAllocator' })
    this.#podRange = podRange
  }

  async reconcile(key: ObjectKey): Promise<void> {
    const known = this.#nodes.get(key)
    if (!known || hasRange(known)) return
    const { items } = await this.#client.list(NODES)
    const node = items.find(({ metadata }) => metadata.uid === known.metadata.uid)
    if (!node || hasRange(node)) return
    const range = freeRange(this.#podRange, items.flatMap(rangesOf))
    if (range) await unlessGone(this.#client.update(NODES, withRange(node, range)))
    else this.#tellNone(node)
  }

  /** A Node that goes leaves a range to those that have none. */
  #onNode({ type, object }: Change<Node>): ObjectKey[] {
    if (type !== 'deleted') return hasRange(object) ? [] : [keyOf(object)]
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

function withRange(node: Persisted<Node>, range: string): Persisted<Node> {
  return { ...node, spec: { ...node.spec, podCIDR: range, podCIDRs: [range] } }
}
