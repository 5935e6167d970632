import type { NodeCondition } from '../../shared/api/generated/core-v1.ts'
import { timestamp } from '../../shared/clock.ts'
import type { EvictionSignal } from '../eviction/eviction-threshold.ts'
import type { NetworkCondition } from '../network/network-condition.ts'

type Verdict = readonly [type: string, status: boolean, reason: string, message: string]

/**
 * `short`: what there is too little of. `runtimeError`: why the container runtime does not answer. `network`: whether Pods
 * have one; undefined where nobody looks after it.
 */
export function nodeConditions(
  short: ReadonlySet<EvictionSignal>,
  runtimeError: string | undefined,
  network: NetworkCondition | undefined,
  previous: readonly NodeCondition[],
  nowMs: number,
): NodeCondition[] {
  const unavailability = network ? [networkUnavailable(network)] : []
  const verdicts = [...unavailability, memory(short), disk(short), processes(short), ready(runtimeError)]
  return verdicts.map((verdict) => condition(verdict, previous, nowMs))
}

function condition([type, isTrue, reason, message]: Verdict, previous: readonly NodeCondition[], nowMs: number) {
  const status = isTrue ? 'True' : 'False'
  const before = previous.find((candidate) => candidate.type === type)
  const since = before?.status === status ? before.lastTransitionTime : undefined
  const now = timestamp(nowMs)
  return { type, status, lastHeartbeatTime: now, lastTransitionTime: since ?? now, reason, message }
}

function networkUnavailable({ isAvailable, reason, message }: NetworkCondition): Verdict {
  return ['NetworkUnavailable', !isAvailable, reason, message]
}

function memory(short: ReadonlySet<EvictionSignal>): Verdict {
  return short.has('memory.available')
    ? ['MemoryPressure', true, 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available']
    : ['MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available']
}

function disk(short: ReadonlySet<EvictionSignal>): Verdict {
  return [...short].some((signal) => /^(nodefs|imagefs)\./.test(signal))
    ? ['DiskPressure', true, 'KubeletHasDiskPressure', 'kubelet has disk pressure']
    : ['DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure']
}

function processes(short: ReadonlySet<EvictionSignal>): Verdict {
  return short.has('pid.available')
    ? ['PIDPressure', true, 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available']
    : ['PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available']
}

function ready(runtimeError: string | undefined): Verdict {
  return runtimeError === undefined
    ? ['Ready', true, 'KubeletReady', 'kubelet is posting ready status']
    : ['Ready', false, 'KubeletNotReady', `container runtime is down: ${runtimeError}`]
}
