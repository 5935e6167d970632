import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../../shared/api/generated/core-v1.ts'
import { timestamp } from '../../../shared/clock.ts'
import { isFinalPhase } from '../../../shared/pod-phase.ts'
import { isSidecar } from '../restart-policy.ts'
import type { PodPhase } from './pod-phase.ts'
import type { resizeConditions } from './resource-status.ts'

interface Facts {
  pod: Pod
  phase: PodPhase
  initStatuses: readonly ContainerStatus[]
  statuses: readonly ContainerStatus[]
  hasSandbox: boolean
  previous: PodStatus | undefined
  resize: ReturnType<typeof resizeConditions>
  /** Why the node ended the Pod for reasons of its own. */
  disruption: string | undefined
  nowMs: number
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>

const TRUE: Verdict = { status: 'True' }

/** The conditions that are the node's, in Kubernetes' order. Those that others write are not repeated: they may be old. */
export function podConditions(facts: Facts): PodCondition[] {
  const containersReady = areContainersReady(facts)
  const own: [string, Verdict][] = [
    ['PodReadyToStartContainers', { status: facts.hasSandbox ? 'True' : 'False' }],
    ['Initialized', isInitialized(facts)],
    ['Ready', isReady(facts, containersReady)],
    ['ContainersReady', containersReady],
    // A Pod that a node has is scheduled, also where its creator named the node.
    ['PodScheduled', TRUE],
    ...disruptionTarget(facts),
    ...facts.resize,
  ]
  return own.map(([type, verdict]) => condition(facts, type, verdict))
}

function disruptionTarget({ disruption }: Facts): [string, Verdict][] {
  if (disruption === undefined) return []
  return [['DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message: disruption }]]
}

function condition({ pod, previous, nowMs }: Facts, type: string, verdict: Verdict): PodCondition {
  const before = previous?.conditions?.find((condition) => condition.type === type)
  const unchanged = before?.status === verdict.status
  const { generation } = pod.metadata
  return {
    type,
    ...verdict,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: (unchanged ? before.lastTransitionTime : undefined) ?? timestamp(nowMs),
  }
}

function isInitialized({ pod, phase, initStatuses, statuses }: Facts): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  const begun = statuses.some(({ state, lastState }) => state?.running || state?.terminated || lastState?.terminated)
  const isComplete = (status: ContainerStatus) => (isSidecar(pod, status) ? status.started : status.ready)
  const incomplete = initStatuses.filter((status) => !isComplete(status)).map(({ name }) => name)
  if (!pod.spec?.initContainers?.length || begun || incomplete.length === 0) return TRUE
  return no('ContainersNotInitialized', `containers with incomplete status: [${incomplete.join(' ')}]`)
}

/** Sidecars count too. */
function areContainersReady({ pod, phase, initStatuses, statuses }: Facts): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (isFinalPhase(phase)) return { status: 'False', reason: 'PodFailed' }
  const sidecars = initStatuses.filter((status) => isSidecar(pod, status))
  const unready = [...sidecars, ...statuses].filter(({ ready }) => !ready).map(({ name }) => name)
  if (unready.length === 0) return TRUE
  return no('ContainersNotReady', `containers with unready status: [${unready.join(' ')}]`)
}

/** Containers ready, and every readiness gate, which others open by a condition of that name. */
function isReady({ pod, previous }: Facts, containersReady: Verdict): Verdict {
  if (containersReady.status !== 'True') return containersReady
  const closed = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = previous?.conditions?.find(({ type }) => type === conditionType)
    if (!gate) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    if (gate.status === 'True') return []
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`]
  })
  return closed.length === 0 ? TRUE : no('ReadinessGatesNotReady', closed.join(', '))
}

function no(reason: string, message: string): Verdict {
  return { status: 'False', reason, message }
}
