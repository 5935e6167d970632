import type { Clock } from '../../shared/clock.ts'
import { Coalescer } from '../../shared/coalescer.ts'
import type { Logger } from '../../shared/log.ts'
import type { AgentFrame, EventReport, PodReport } from '../../shared/protocol/frames.ts'
import type { Reporter, VolumeReporter } from '../reporter.ts'

/** Reports that come together, such as those after a start, go in one frame; events wait so long for a report. */
const COALESCE_MS = 10
const MAX_BATCH = 100
/** Events that wait while the connection is down; the oldest are dropped. */
const MAX_WAITING_EVENTS = 1000

type Send = (frame: Extract<AgentFrame, { type: 'podStatus' | 'events' | 'volumeRemoved' }>) => void

interface Pending {
  report: Omit<PodReport, 'sequence'>
  /** Under which it was sent over the present connection, if it was. */
  sequence?: number
}

/**
 * Keeps the newest status of every Pod and tells it to each connection: while there was none, the control plane may
 * have had to say something else of a Pod. A Pod that is gone is forgotten once the control plane knows.
 */
export class StatusReporter implements Reporter, VolumeReporter {
  readonly #flushing: Coalescer
  readonly #log: Logger
  /** By Pod UID, the longest unsent first. */
  readonly #pods = new Map<string, Pending>()
  #events: EventReport[] = []
  #droppedEvents = 0
  #send: Send | undefined
  #sequence = 0

  constructor(clock: Clock, log: Logger) {
    this.#flushing = new Coalescer({ clock, intervalMs: COALESCE_MS, run: () => this.#flush() })
    this.#log = log
  }

  podStatus(report: Omit<PodReport, 'sequence'>): void {
    this.#pods.delete(report.uid)
    this.#pods.set(report.uid, { report })
    if (this.#send) this.#flushing.soon()
  }

  event(event: EventReport): void {
    this.#events.push(event)
    if (this.#events.length > MAX_WAITING_EVENTS) {
      this.#events.shift()
      this.#droppedEvents++
    }
    if (this.#send) this.#flushing.within(COALESCE_MS)
  }

  volumeRemoved(volume: { name: string; uid: string }): void {
    this.#send?.({ type: 'volumeRemoved', ...volume })
  }

  /** A connection is up: all is told again. What the control plane knows it does not write again. */
  connected(send: Send): void {
    this.#send = send
    this.#sequence = 0
    for (const pending of this.#pods.values()) delete pending.sequence
    this.#flush()
  }

  disconnected(): void {
    this.#send = undefined
    this.#flushing.cancel()
  }

  /** All reports up to `sequence` are stored. One that was replaced since it was sent is not meant. */
  accepted(sequence: number): void {
    for (const [uid, { report, sequence: sent }] of this.#pods) {
      if (report.terminated && sent !== undefined && sent <= sequence) this.#pods.delete(uid)
    }
  }

  #flush(): void {
    const unsent = [...this.#pods.values()].filter((pending) => pending.sequence === undefined)
    for (const batch of batches(unsent))
      this.#send?.({ type: 'podStatus', reports: batch.map((one) => this.#number(one)) })
    for (const events of batches(this.#events)) this.#send?.({ type: 'events', events })
    this.#events = []
    if (this.#droppedEvents > 0) this.#log.warn({ count: this.#droppedEvents }, 'events dropped while disconnected')
    this.#droppedEvents = 0
  }

  #number(pending: Pending): PodReport {
    pending.sequence = ++this.#sequence
    return { ...pending.report, sequence: pending.sequence }
  }
}

function batches<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / MAX_BATCH)
  return Array.from({ length: count }, (_, index) => items.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH))
}
