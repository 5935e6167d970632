import type { Clock } from '../../../shared/clock.ts'
import type { DockerApi } from './docker-api.ts'
import { dockerFailure } from './docker-failure.ts'
import { jsonLines } from './json-lines.ts'
import { LABELS, type Labels, labelFilter, type Ownership, ownerLabels } from './labels.ts'

interface DockerEvent {
  Actor?: { Attributes?: Record<string, string> }
}

/** Docker's clock and ours may differ a little, and the request takes a moment: events are asked for from before. */
const OVERLAP_MS = 5_000

/** Which of the node's Pods had a container start, end, go, or get other limits. */
export async function* podChanges(
  docker: DockerApi,
  owner: Ownership,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<{ podUid: string }> {
  for await (const podUid of changedLabels(docker, ownerLabels(owner), LABELS.podUid, clock, signal)) yield { podUid }
}

/** A label's value of each of the containers with these other labels that started, ended, went or got other limits, from Docker's event stream. */
export async function* changedLabels(
  docker: DockerApi,
  labels: Labels,
  label: string,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const filters = {
    type: ['container'],
    event: ['start', 'die', 'oom', 'update', 'destroy'],
    label: [...labelFilter(labels), label],
  }
  const since = ((clock.now() - OVERLAP_MS) / 1000).toFixed(3)
  try {
    const stream = await docker.stream({ method: 'GET', path: '/events', query: { since, filters } }, signal)
    for await (const event of jsonLines<DockerEvent>(stream)) {
      const value = event.Actor?.Attributes?.[label]
      if (value !== undefined) yield value
    }
  } catch (error) {
    if (!signal.aborted) throw dockerFailure(error)
  }
}
