import type { Container, Pod, PodCondition, PodStatus } from '../../../shared/api/generated/core-v1.ts'

export interface ResizeEvent {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

interface ResizeNews {
  /** As it asks to be, and as it has been given. */
  wanted: Pod
  allocated: Pod
  /** Its wish has just been granted. */
  isGranted: boolean
  before: PodStatus | undefined
  after: PodStatus
}

/** What there is to tell of a Pod's resize when its status has become another, in the kubelet's words. */
export function resizeEvents({ wanted, allocated, isGranted, before, after }: ResizeNews): ResizeEvent[] {
  const [pendingBefore, pending] = [before, after].map((status) => conditionOf(status, 'PodResizePending'))
  const [underWayBefore, underWay] = [before, after].map((status) => conditionOf(status, 'PodResizeInProgress'))
  const isCompleted = !underWay && (isGranted || underWayBefore !== undefined)
  return [
    ...(isGranted ? [event('Normal', 'ResizeStarted', 'started', allocated)] : []),
    ...(pending && !isSame(pending, pendingBefore)
      ? [event('Warning', `Resize${pending.reason}`, `${pending.reason}`, wanted, pending.message)]
      : []),
    ...(underWay?.reason === 'Error' && !isSame(underWay, underWayBefore)
      ? [event('Warning', 'ResizeError', 'error', allocated, underWay.message)]
      : []),
    ...(isCompleted ? [event('Normal', 'ResizeCompleted', 'completed', allocated)] : []),
  ]
}

function event(type: ResizeEvent['type'], reason: string, what: string, pod: Pod, error?: string): ResizeEvent {
  const { initContainers, containers = [] } = pod.spec ?? {}
  const resources = {
    ...(initContainers?.length ? { initContainers: initContainers.map(resourcesOf) } : {}),
    containers: containers.map(resourcesOf),
    generation: pod.metadata.generation ?? 0,
    ...(error === undefined ? {} : { error }),
  }
  return { type, reason, message: `Pod resize ${what}: ${JSON.stringify(resources)}` }
}

function resourcesOf({ name, resources = {} }: Container) {
  const { limits, requests } = resources
  return { name, resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) } }
}

function conditionOf(status: PodStatus | undefined, type: string): PodCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
}

function isSame(a: PodCondition, b: PodCondition | undefined): boolean {
  return a.reason === b?.reason && a.message === b?.message
}
