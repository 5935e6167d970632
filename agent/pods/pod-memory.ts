/** What a worker remembers of its Pod beside what the runtime shows; a new agent begins with none of it. */
export interface PodMemory {
  /** By container name: why the last try to start it came to nothing. Gone with the next success. */
  readonly startFailures: ReadonlyMap<string, StartFailure>
  /** By container id: those that were told to end. */
  readonly stopping: ReadonlyMap<string, Stopping>
  /** Before that moment no new sandbox is tried. */
  readonly sandboxRetryAtMs?: number
}

export interface StartFailure {
  /** A waiting reason, such as `ErrImagePull` or `CreateContainerConfigError`. */
  reason: string
  message: string
  retryAtMs: number
}

export interface Stopping {
  why: StopReason
  /** When patience ends. */
  killAtMs: number
  /** When KILL was sent last. */
  killedAtMs?: number
}

export type StopReason = 'podEnds' | 'definitionChanged' | 'livenessFailed' | 'startupFailed' | 'sandboxGone'
