import type { Container, EphemeralContainer } from '../../shared/api/generated/core-v1.ts'
import { type PodObservation, runningContainers } from './pod-observation.ts'

/** The id of the container whose processes an ephemeral one shall see; undefined where it names none or it does not run. */
export function targetContainerId(container: Container, observed: PodObservation): string | undefined {
  const { targetContainerName } = container as EphemeralContainer
  return runningContainers(observed).find(({ name }) => name === targetContainerName)?.id
}
