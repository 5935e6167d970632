import type { Pod } from '../../../shared/api/kinds.ts'
import type { TableColumn } from '../strategy.ts'
import { ageColumn, column, nameColumn, orNone, wideColumn } from './common-columns.ts'
import { humanAge } from './human-duration.ts'
import { type PodSummary, summarizePod } from './pod-summary.ts'

export const podColumns: readonly TableColumn<Pod>[] = [
  nameColumn,
  column('Ready', 'How many of the containers are ready.', (pod) => readiness(summarizePod(pod))),
  column('Status', 'The state of the Pod and its containers in a word.', (pod) => summarizePod(pod).reason),
  column('Restarts', 'How often its containers were restarted, and when last.', (pod, nowMs) =>
    restarts(summarizePod(pod), nowMs),
  ),
  ageColumn,
  wideColumn('IP', 'The address of the Pod.', ({ status }) => orNone(status?.podIPs?.[0]?.ip || status?.podIP)),
  wideColumn('Node', 'The node that the Pod is bound to.', ({ spec }) => orNone(spec.nodeName)),
  wideColumn('Nominated Node', 'The node on which room is being made for the Pod.', ({ status }) =>
    orNone(status?.nominatedNodeName),
  ),
  wideColumn('Readiness Gates', 'How many of the extra conditions for readiness hold.', gates),
]

function readiness({ readyContainers, totalContainers }: PodSummary): string {
  return `${readyContainers}/${totalContainers}`
}

function restarts({ restarts, lastRestart }: PodSummary, nowMs: number): string {
  return restarts > 0 && lastRestart ? `${restarts} (${humanAge(lastRestart, nowMs)} ago)` : String(restarts)
}

function gates({ spec, status }: Pod): string {
  const wanted = spec.readinessGates ?? []
  if (wanted.length === 0) return '<none>'
  const met = wanted.filter(({ conditionType }) =>
    status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  )
  return `${met.length}/${wanted.length}`
}
