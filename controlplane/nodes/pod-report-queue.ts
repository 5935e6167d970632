import type { PodReport } from '../../shared/protocol/frames.ts'

/** Pods worked on at the same time. */
const CONCURRENCY = 32
/** An agent keeps one report per Pod under way: this many are not the work of a sane one. */
const MAX_UNFINISHED = 10_000

/** What waits for one Pod: the newest report, and the sequences of all that it stands for. */
interface Waiting {
  report: PodReport
  sequences: number[]
}

interface PodEntry {
  running: boolean
  waiting: Waiting | undefined
}

export interface PodReportQueueDeps {
  /** Stores one report; never called twice at once for one Pod. Must not reject. */
  store: (report: PodReport) => Promise<void>
  /** All reports up to `sequence` are stored. */
  accepted: (sequence: number) => void
}

/** Stores many Pods' reports at once, each Pod's in order; of those that wait for one Pod only the newest is kept. */
export class PodReportQueue {
  readonly #deps: PodReportQueueDeps
  readonly #pods = new Map<string, PodEntry>()
  /** Pods with something to do, first come first served. */
  readonly #ready = new Set<string>()
  readonly #unfinished = new Set<number>()
  #running = 0
  #highest = 0
  #accepted = 0

  constructor(deps: PodReportQueueDeps) {
    this.#deps = deps
  }

  /** Returns false where the agent has too many reports under way, or numbers them wrongly. */
  add(report: PodReport): boolean {
    if (report.sequence <= this.#highest || this.#unfinished.size >= MAX_UNFINISHED) return false
    this.#highest = report.sequence
    this.#unfinished.add(report.sequence)
    const entry = this.#pods.get(report.uid) ?? { running: false, waiting: undefined }
    this.#pods.set(report.uid, entry)
    entry.waiting = { report, sequences: [...(entry.waiting?.sequences ?? []), report.sequence] }
    if (!entry.running) this.#ready.add(report.uid)
    this.#startMore()
    return true
  }

  /** Stores a report once more, unless a newer one of its Pod waits. */
  again(report: PodReport): void {
    const entry = this.#pods.get(report.uid) ?? { running: false, waiting: undefined }
    if (entry.waiting) return
    this.#pods.set(report.uid, entry)
    entry.waiting = { report, sequences: [] }
    if (!entry.running) this.#ready.add(report.uid)
    this.#startMore()
  }

  #startMore(): void {
    for (const uid of this.#ready) {
      if (this.#running >= CONCURRENCY) return
      this.#ready.delete(uid)
      void this.#work(uid)
    }
  }

  async #work(uid: string): Promise<void> {
    const entry = this.#pods.get(uid)
    const work = entry?.waiting
    if (!entry || !work) return
    entry.running = true
    entry.waiting = undefined
    this.#running++
    await this.#deps.store(work.report)
    this.#running--
    entry.running = false
    if (entry.waiting) this.#ready.add(uid)
    else this.#pods.delete(uid)
    this.#finish(work.sequences)
    this.#startMore()
  }

  #finish(sequences: readonly number[]): void {
    for (const sequence of sequences) this.#unfinished.delete(sequence)
    // Sequences are added in rising order, so the first is the lowest.
    const [lowest = this.#highest + 1] = this.#unfinished
    if (lowest - 1 <= this.#accepted) return
    this.#accepted = lowest - 1
    this.#deps.accepted(this.#accepted)
  }
}
