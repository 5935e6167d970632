import type { ContainerResources } from '../runtime/runtime.ts'

/** What a worker remembers of its Pod beside what the runtime shows; a new agent begins with none of it. Times are monotonic. */
export interface PodMemory {
  /** By container name: why the last try to start it came to nothing. Gone with the next success. */
  readonly startFailures: ReadonlyMap<string, StartFailure>
  /** By container id: those that were told to end, or soon will be. */
  readonly stopping: ReadonlyMap<string, Stopping>
  /** By container id: how far its postStart hook is. */
  readonly postStarts: ReadonlyMap<string, 'running' | 'done' | 'failed'>
  /** By container id: the last try to give it other resources. */
  readonly resizeTries: ReadonlyMap<string, ResizeTry>
  /** Before that moment no new sandbox is tried. */
  readonly sandboxRetryAtMs?: number
}

/** What the runtime shows is the proof that it was done; until then it counts as failed. */
export interface ResizeTry {
  resources: ContainerResources
  message: string
  retryAtMs: number
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
  /** Its preStop hook has not returned. */
  inPreStop: boolean
  /** When it got its stop signal; not while its hook runs or others are to end before it. */
  toldAtMs?: number
  /** It was told late, and gets at least this long. */
  notKilledBeforeMs?: number
  /** When KILL was sent last. */
  killedAtMs?: number
}

export type StopReason =
  | 'podEnds'
  | 'definitionChanged'
  | 'livenessFailed'
  | 'startupFailed'
  | 'postStartFailed'
  | 'sandboxGone'
  | 'resized'
