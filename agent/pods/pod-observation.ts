import { compareStrings } from '../../shared/compare-strings.ts'
import type { ContainerState, PodGlance, RuntimeListing, SandboxState } from '../runtime/runtime.ts'

/** What the runtime shows of one Pod. */
export interface PodObservation {
  /** The one that runs; the newest, should there be several. */
  readonly sandbox?: SandboxState
  /** All others. */
  readonly deadSandboxes: readonly SandboxState[]
  readonly containers: readonly ContainerState[]
  readonly hasVolumes: boolean
}

/** The same, but that the sandbox has ended since. */
export function withoutSandbox({ sandbox, ...rest }: PodObservation): PodObservation {
  return sandbox ? { ...rest, deadSandboxes: [{ ...sandbox, running: false }, ...rest.deadSandboxes] } : rest
}

export type ExitedContainer = ContainerState & { state: { phase: 'exited' } }

export function observePod(listing: RuntimeListing): PodObservation {
  const newestFirst = [...listing.sandboxes].sort((a, b) => compareStrings(b.createdAt, a.createdAt))
  const sandbox = newestFirst.find(({ running }) => running)
  return {
    ...(sandbox ? { sandbox } : {}),
    deadSandboxes: newestFirst.filter((other) => other !== sandbox),
    containers: listing.containers,
    hasVolumes: listing.volumes.length > 0,
  }
}

/** Every instance there is of one container of the Pod, the newest first. */
export function attemptsOf(observed: PodObservation, name: string): ContainerState[] {
  return observed.containers
    .filter((container) => container.name === name)
    .sort((a, b) => b.restartCount - a.restartCount || compareStrings(b.createdAt, a.createdAt))
}

export function runningContainers(observed: PodObservation): ContainerState[] {
  return observed.containers.filter(({ state }) => state.phase === 'running')
}

/** A glance at the Pod shows what was observed. */
export function isAsObserved({ sandbox, deadSandboxes, containers }: PodObservation, glance: PodGlance): boolean {
  const sandboxes = [...(sandbox ? [sandbox] : []), ...deadSandboxes]
  const seen = [
    ...sandboxes.map(({ id, running }) => [id, running] as const),
    ...containers.map(({ id, state }) => [id, state.phase === 'running'] as const),
  ]
  return seen.length === glance.size && seen.every(([id, isRunning]) => glance.get(id) === isRunning)
}

/** Nothing of the Pod is left on the node. */
export function isGone(observed: PodObservation): boolean {
  const { sandbox, deadSandboxes, containers, hasVolumes } = observed
  return !sandbox && deadSandboxes.length === 0 && containers.length === 0 && !hasVolumes
}

export function isExited(container: ContainerState | undefined): container is ExitedContainer {
  return container?.state.phase === 'exited'
}
