import { isDeepStrictEqual } from 'node:util'
import type { Taint } from '../../../shared/api/generated/core-v1.ts'
import { NODES, type Node, PODS, type Pod } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { type Clock, timestamp } from '../../../shared/clock.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import { podsByNode } from '../../reconcile/pods-by-node.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { withDisruption } from '../pods/disruption.ts'
import { unlessGone, unlessGoneOrChanged } from '../unless-gone.ts'
import { tolerationTimeMs } from './toleration-time.ts'

/** A Pod whose time on its tainted node has begun to run. */
interface Countdown {
  uid: string
  sinceMs: number
}

/** Deletes Pods from nodes with a NoExecute taint that they do not tolerate, or no longer. */
export class TaintEviction implements Controller {
  readonly name = 'taint-eviction'
  readonly concurrency = 8
  readonly watches = [watch(PODS, (change) => this.#onPod(change)), watch(NODES, (change) => this.#onNode(change))]
  readonly #client: Client
  readonly #clock: Clock
  readonly #recorder: EventRecorder
  readonly #nodes: Informer<Node>
  readonly #pods: Informer<Pod>
  readonly #podsOn: (nodeName: string) => readonly Persisted<Pod>[]
  readonly #countdowns = new Map<ObjectKey, Countdown>()

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#clock = deps.clock
    this.#recorder = createEventRecorder({ ...deps, component: 'taint-eviction-controller' })
    this.#nodes = deps.informers.of(NODES)
    this.#pods = deps.informers.of(PODS)
    this.#podsOn = podsByNode(deps.informers)
  }

  async reconcile(key: ObjectKey): Promise<Requeue | undefined> {
    const pod = this.#pods.get(key)
    if (!pod || pod.metadata.deletionTimestamp) {
      this.#countdowns.delete(key)
      return undefined
    }
    const taints = noExecuteTaints(this.#nodes.get(pod.spec.nodeName ?? ''))
    const tolerationMs = tolerationTimeMs(pod.spec.tolerations, taints)
    if (tolerationMs === Infinity) {
      this.#cancel(key, pod)
      return undefined
    }
    const remainingMs = this.#sinceMs(key, pod) + tolerationMs - this.#clock.monotonic()
    if (remainingMs > 0) return { requeueAfterMs: remainingMs }
    await this.#evict(pod)
    this.#countdowns.delete(key)
    return undefined
  }

  /** Counted from when the taint was first seen here, so that a step of the wall clock evicts nobody. */
  #sinceMs(key: ObjectKey, { metadata }: Persisted<Pod>): number {
    const known = this.#countdowns.get(key)
    if (known?.uid === metadata.uid) return known.sinceMs
    const sinceMs = this.#clock.monotonic()
    this.#countdowns.set(key, { uid: metadata.uid, sinceMs })
    return sinceMs
  }

  #cancel(key: ObjectKey, pod: Persisted<Pod>): void {
    const countdown = this.#countdowns.get(key)
    this.#countdowns.delete(key)
    if (countdown?.uid !== pod.metadata.uid) return
    this.#recorder.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`)
  }

  async #evict(pod: Persisted<Pod>): Promise<void> {
    const { uid } = pod.metadata
    this.#recorder.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${keyOf(pod)}`)
    await unlessGone(this.#client.modify(PODS, pod.metadata, (draft) => this.#tellWhy(draft, uid), { status: true }))
    await unlessGoneOrChanged(this.#client.delete(PODS, pod.metadata, { preconditions: { uid } }))
  }

  #tellWhy(pod: Persisted<Pod>, uid: string): false | undefined {
    if (pod.metadata.uid !== uid) return false
    const message = 'Taint manager: deleting due to NoExecute taint'
    pod.status = withDisruption(pod.status, 'DeletionByTaintManager', message, timestamp(this.#clock.now()))
    return undefined
  }

  #onPod({ type, object, previous }: Change<Pod>): ObjectKey[] {
    const isBound = object.spec.nodeName !== undefined
    const isKnown = this.#countdowns.has(keyOf(object))
    if (type === 'updated' && isDeepStrictEqual(facts(previous), facts(object))) return []
    return isBound || isKnown ? [keyOf(object)] : []
  }

  #onNode({ object, previous }: Change<Node>): ObjectKey[] {
    const before = noExecuteTaints(previous)
    const now = noExecuteTaints(object)
    return isDeepStrictEqual(before, now) ? [] : this.#podsOn(object.metadata.name).map(keyOf)
  }
}

/** All of a Pod that matters here. */
function facts({ metadata, spec }: Persisted<Pod>): unknown[] {
  return [metadata.deletionTimestamp, spec.nodeName, spec.tolerations]
}

function noExecuteTaints(node: Node | undefined): Taint[] {
  return (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}
