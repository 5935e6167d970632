import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Clock, Timer } from '../../shared/clock.ts'
import type { ClusterChange } from './cluster-change.ts'
import type { FilterPlugin } from './framework.ts'
import { Heap } from './heap.ts'
import { type PodInfo, podInfoOf } from './pod-info.ts'
import type { Waker } from './waker.ts'

const INITIAL_BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 10_000
/** A refused Pod is tried again after so long even if nothing seems to have changed for it. */
const FLUSH_AFTER_MS = 5 * 60_000

/** A Pod that waits for a node. */
export interface QueuedPod {
  info: PodInfo
  attempts: number
  place: Place
}

type Place =
  /** Waits for its first or next cycle. */
  | { in: 'active'; sinceMs: number; order: number }
  /** Tried a moment ago: waits before it may be tried again. */
  | { in: 'backoff'; untilMs: number; order: number }
  /** Refused: sleeps until a change can help. */
  | { in: 'unschedulable'; sinceMs: number; refusedBy: ReadonlySet<FilterPlugin> }
  /** Somebody's scheduling gates hold it back. */
  | { in: 'gated' }
  /** Handed out: in a cycle, or being bound. */
  | { in: 'flight' }

/** A heap keeps stale tickets: one counts only while its Pod is still in the place that it was made for. */
interface Ticket<P extends Place> {
  readonly pod: QueuedPod
  readonly place: P
}
type In<N extends Place['in']> = Extract<Place, { in: N }>

export interface QueueHooks {
  waker: Pick<Waker, 'isAwaited' | 'canHelp'>
  /** Called whenever a Pod becomes ready to be popped. */
  onDue(): void
  /** Called for a Pod that arrives with scheduling gates. */
  onGated(pod: Persisted<Pod>): void
}

/** Holds every Pod that waits for a node, once, and hands out the one that is due: by priority, then by age. */
export class SchedulingQueue {
  readonly #clock: Clock
  readonly #hooks: QueueHooks
  readonly #pods = new Map<string, QueuedPod>()
  readonly #active = new Heap<Ticket<In<'active'>>>(activeBefore)
  readonly #backoff = new Heap<Ticket<In<'backoff'>>>(backoffBefore)
  /** In the order in which they were refused. */
  readonly #unschedulable = new Map<string, QueuedPod>()
  #order = 0
  #closed = false
  #timer: { timer: Timer; atMs: number } | undefined

  constructor(clock: Clock, hooks: QueueHooks) {
    this.#clock = clock
    this.#hooks = hooks
  }

  /** Takes a new Pod, or what an API write made of one that waits. */
  set(pod: Persisted<Pod>): PodInfo {
    const known = this.#pods.get(pod.metadata.uid)
    return known ? this.#update(known, pod) : this.#insert(pod)
  }

  delete(uid: string): void {
    this.#pods.delete(uid)
    this.#unschedulable.delete(uid)
  }

  /** The Pod whose turn it is. Follow with `refused`, `failed` or, when the API shows it bound, `delete`. */
  pop(): QueuedPod | undefined {
    for (let ticket = this.#active.pop(); ticket; ticket = this.#active.pop()) {
      if (!this.#isValid(ticket)) continue
      ticket.pod.attempts++
      this.#move(ticket.pod, { in: 'flight' })
      return ticket.pod
    }
    return undefined
  }

  /** No node would take it: it sleeps until something changes that one of these plugins looks at. */
  refused(pod: QueuedPod, refusedBy: ReadonlySet<FilterPlugin>): void {
    if (this.#pods.get(pod.info.uid) !== pod || pod.place.in !== 'flight') return
    this.#move(pod, { in: 'unschedulable', sinceMs: this.#clock.monotonic(), refusedBy })
    this.#unschedulable.set(pod.info.uid, pod)
    this.#armTimer()
  }

  /** It could not be bound: it is tried again after its backoff. */
  failed(pod: QueuedPod): void {
    if (this.#pods.get(pod.info.uid) !== pod || pod.place.in !== 'flight') return
    this.#backOff(pod, this.#clock.monotonic() + backoffMs(pod.attempts))
  }

  /** Wakes the refused Pods that this change can help. */
  changed(change: ClusterChange): void {
    if (this.#unschedulable.size === 0 || !this.#hooks.waker.isAwaited(change)) return
    for (const pod of [...this.#unschedulable.values()]) {
      if (pod.place.in !== 'unschedulable') continue
      if (this.#hooks.waker.canHelp(change, pod.info, pod.place.refusedBy)) this.#wake(pod)
    }
  }

  /** Wakes a refused Pod for which nothing in the cluster has changed. */
  retry(uid: string): void {
    const pod = this.#pods.get(uid)
    if (pod) this.#wake(pod)
  }

  /** Undefined for a Pod that does not wait. */
  infoOf(uid: string): PodInfo | undefined {
    return this.#pods.get(uid)?.info
  }

  /** Gives up its timer for good: what sleeps now stays asleep. */
  close(): void {
    this.#closed = true
    this.#timer?.timer.cancel()
  }

  #insert(pod: Persisted<Pod>): PodInfo {
    const queued: QueuedPod = { info: podInfoOf(pod), attempts: 0, place: { in: 'gated' } }
    this.#pods.set(queued.info.uid, queued)
    if (isGated(pod)) this.#hooks.onGated(pod)
    else this.#activate(queued)
    return queued.info
  }

  #update(queued: QueuedPod, pod: Persisted<Pod>): PodInfo {
    const changed = changedForScheduling(queued.info.pod, pod)
    queued.info = changed ? podInfoOf(pod) : { ...queued.info, pod }
    if (isGated(pod)) this.#move(queued, { in: 'gated' })
    else if (queued.place.in === 'gated') this.#activate(queued)
    else if (changed) this.#wake(queued)
    return queued.info
  }

  /** Ready at once, unless it was tried so lately that its backoff is not over. */
  #wake(pod: QueuedPod): void {
    if (pod.place.in !== 'unschedulable') return
    const untilMs = pod.place.sinceMs + backoffMs(pod.attempts)
    if (untilMs <= this.#clock.monotonic()) this.#activate(pod)
    else this.#backOff(pod, untilMs)
  }

  #activate(pod: QueuedPod): void {
    const place: In<'active'> = { in: 'active', sinceMs: this.#clock.monotonic(), order: this.#order++ }
    this.#move(pod, place)
    this.#active.push({ pod, place })
    this.#hooks.onDue()
  }

  #backOff(pod: QueuedPod, untilMs: number): void {
    const place: In<'backoff'> = { in: 'backoff', untilMs, order: this.#order++ }
    this.#move(pod, place)
    this.#backoff.push({ pod, place })
    this.#armTimer()
  }

  #move(pod: QueuedPod, place: Place): void {
    if (pod.place.in === 'unschedulable') this.#unschedulable.delete(pod.info.uid)
    pod.place = place
  }

  #isValid({ pod, place }: Ticket<Place>): boolean {
    return pod.place === place && this.#pods.get(pod.info.uid) === pod
  }

  /** One timer, for whatever comes first: the end of a backoff, or the flush of the longest refused. */
  #armTimer(): void {
    const atMs = Math.min(this.#nextBackoffEndMs(), this.#nextFlushMs())
    if (this.#timer && this.#timer.atMs <= atMs) return
    this.#timer?.timer.cancel()
    this.#timer = undefined
    if (this.#closed || atMs === Number.POSITIVE_INFINITY) return
    const timer = this.#clock.after(atMs - this.#clock.monotonic(), () => {
      this.#timer = undefined
      this.#release()
      this.#armTimer()
    })
    this.#timer = { timer, atMs }
  }

  #release(): void {
    const nowMs = this.#clock.monotonic()
    while (this.#nextBackoffEndMs() <= nowMs) {
      const ticket = this.#backoff.pop()
      if (ticket) this.#activate(ticket.pod)
    }
    while (this.#nextFlushMs() <= nowMs) {
      const [longest] = this.#unschedulable.values()
      if (longest) this.#activate(longest)
    }
  }

  #nextBackoffEndMs(): number {
    for (let ticket = this.#backoff.peek(); ticket; ticket = this.#backoff.peek()) {
      if (this.#isValid(ticket)) return ticket.place.untilMs
      this.#backoff.pop()
    }
    return Number.POSITIVE_INFINITY
  }

  #nextFlushMs(): number {
    const [longest] = this.#unschedulable.values()
    return longest?.place.in === 'unschedulable' ? longest.place.sinceMs + FLUSH_AFTER_MS : Number.POSITIVE_INFINITY
  }
}

/** 1 s, 2 s, 4 s, 8 s, 10 s, 10 s ... by the number of attempts so far. */
function backoffMs(attempts: number): number {
  return Math.min(INITIAL_BACKOFF_MS * 2 ** Math.max(0, attempts - 1), MAX_BACKOFF_MS)
}

function activeBefore(a: Ticket<In<'active'>>, b: Ticket<In<'active'>>): boolean {
  const priority = b.pod.info.priority - a.pod.info.priority
  return priority !== 0 ? priority < 0 : a.place.order < b.place.order
}

function backoffBefore(a: Ticket<In<'backoff'>>, b: Ticket<In<'backoff'>>): boolean {
  return a.place.untilMs !== b.place.untilMs ? a.place.untilMs < b.place.untilMs : a.place.order < b.place.order
}

function isGated(pod: Persisted<Pod>): boolean {
  return (pod.spec.schedulingGates?.length ?? 0) > 0
}

/** Anything but the status and the bookkeeping of the API may change where the Pod can go. */
function changedForScheduling(before: Persisted<Pod>, after: Persisted<Pod>): boolean {
  const relevant = ({ spec, metadata }: Persisted<Pod>) => JSON.stringify([spec, metadata.labels])
  return relevant(before) !== relevant(after)
}
