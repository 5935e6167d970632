import type { NodeCondition } from '../../shared/api/generated/core-v1.ts'
import { timestamp } from '../../shared/clock.ts'
import type { Machine } from './machine.ts'

const MIN_MEMORY_BYTES = 100 * 2 ** 20
/** The kubelet's tenth of the disk, but never more than this: a large disk that is nearly full has room for Pods. */
const MIN_DISK_BYTES = 2 * 2 ** 30
const MIN_DISK_RATIO = 0.1
const MAX_PROCESS_RATIO = 0.95

type Verdict = readonly [type: string, status: boolean, reason: string, message: string]

/** The node's conditions. `runtimeError`: why the container runtime does not answer. */
export function nodeConditions(
  machine: Machine,
  runtimeError: string | undefined,
  previous: readonly NodeCondition[],
  nowMs: number,
): NodeCondition[] {
  return [memory(machine), disk(machine), processes(machine), ready(runtimeError)].map((verdict) =>
    condition(verdict, previous, nowMs),
  )
}

function condition([type, isTrue, reason, message]: Verdict, previous: readonly NodeCondition[], nowMs: number) {
  const status = isTrue ? 'True' : 'False'
  const before = previous.find((candidate) => candidate.type === type)
  const since = before?.status === status ? before.lastTransitionTime : undefined
  const now = timestamp(nowMs)
  return { type, status, lastHeartbeatTime: now, lastTransitionTime: since ?? now, reason, message }
}

function memory({ availableMemoryBytes }: Machine): Verdict {
  return availableMemoryBytes !== undefined && availableMemoryBytes < MIN_MEMORY_BYTES
    ? ['MemoryPressure', true, 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available']
    : ['MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available']
}

function disk({ disk }: Machine): Verdict {
  const limit = Math.min((disk?.totalBytes ?? 0) * MIN_DISK_RATIO, MIN_DISK_BYTES)
  return disk !== undefined && disk.availableBytes < limit
    ? ['DiskPressure', true, 'KubeletHasDiskPressure', 'kubelet has disk pressure']
    : ['DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure']
}

function processes({ processes }: Machine): Verdict {
  return processes !== undefined && processes.running > processes.max * MAX_PROCESS_RATIO
    ? ['PIDPressure', true, 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available']
    : ['PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available']
}

function ready(runtimeError: string | undefined): Verdict {
  return runtimeError === undefined
    ? ['Ready', true, 'KubeletReady', 'kubelet is posting ready status']
    : ['Ready', false, 'KubeletNotReady', `container runtime is down: ${runtimeError}`]
}
