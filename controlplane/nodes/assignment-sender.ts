import type { Clock } from '../../shared/clock.ts'
import { Coalescer } from '../../shared/coalescer.ts'
import type { AssignedObject, AssignmentsFrame } from '../../shared/protocol/frames.ts'
import { assignmentChange, assignmentFrames } from './assignment-frames.ts'
import type { DesiredAssignments } from './desired-assignments.ts'

/** Changes that come together, such as a scaled Deployment's Pods, go in one frame. */
const COALESCE_MS = 10
/** To an agent that reads slowly nothing is sent until its backlog is below this; what changed meanwhile goes at once. */
const BACKLOG_BYTES = 1024 * 1024
const BACKLOG_RETRY_MS = 100

export interface AssignmentSenderDeps {
  clock: Clock
  desired: () => DesiredAssignments
  send: (frame: AssignmentsFrame) => void
  backlogBytes: () => number
  /** The version that the agent already has; ours go on from it. */
  heldVersion: number
}

/** Keeps one agent's assignments up to date: all of them first, then changes. Memory is bounded, however slow the agent. */
export class AssignmentSender {
  readonly #deps: AssignmentSenderDeps
  #version: number
  /** What the agent has, or will have when it has read all; undefined: it must get all anew. */
  #sent: ReadonlyMap<string, AssignedObject> | undefined
  #references: ReadonlySet<string> = new Set()
  readonly #flushing: Coalescer
  #stopped = false

  constructor(deps: AssignmentSenderDeps) {
    this.#deps = deps
    this.#version = deps.heldVersion
    this.#flushing = new Coalescer({ clock: deps.clock, intervalMs: COALESCE_MS, run: () => this.#flush() })
  }

  start(): void {
    this.wake()
  }

  /** Something about the node's Pods has changed. */
  wake(): void {
    if (!this.#stopped) this.#flushing.soon()
  }

  /** A ConfigMap or Secret has changed. */
  wakeFor(reference: string): void {
    if (this.#references.has(reference)) this.wake()
  }

  /** The agent could not follow. */
  resync(): void {
    this.#sent = undefined
    this.wake()
  }

  stop(): void {
    this.#stopped = true
    this.#flushing.cancel()
  }

  #flush(): void {
    if (this.#deps.backlogBytes() > BACKLOG_BYTES) {
      this.#flushing.within(BACKLOG_RETRY_MS)
      return
    }
    const { objects, references } = this.#deps.desired()
    const isComplete = this.#sent === undefined
    const change = assignmentChange(this.#sent ?? new Map(), objects)
    this.#references = references
    if (!isComplete && change.set.length === 0 && change.remove.length === 0) return
    const versions = { appliesTo: isComplete ? 0 : this.#version, resultsIn: this.#version + 1 }
    const mode = isComplete ? 'complete' : 'incremental'
    for (const frame of assignmentFrames({ mode, ...versions }, change)) this.#deps.send(frame)
    this.#version = versions.resultsIn
    this.#sent = objects
  }
}
