import type { Client } from '../../controlplane/client/client.ts'
import type { Informers } from '../../controlplane/reconcile/informer.ts'
import { isApiError } from '../../shared/api/api-error.ts'
import type { PodCondition, PodStatus } from '../../shared/api/generated/core-v1.ts'
import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { type Clock, timestamp } from '../../shared/clock.ts'

/** What becomes of a Pod once it is bound. */
export type PodFate = 'ready' | 'unready' | 'failed' | 'succeeded'

export interface TestKubeletOptions {
  /** The node whose Pods it runs; all nodes unless told. */
  nodeName?: string
  /** From bound to running. */
  startMs?: number
  /** From the request to terminate to gone. */
  stopMs?: number
  fateOf?: (pod: Persisted<Pod>) => PodFate
  /** The address that a Pod has once it runs; none unless told. */
  addressOf?: (pod: Persisted<Pod>) => string
}

export interface TestKubeletDeps {
  client: Client
  informers: Informers
  clock: Clock
}

/** Says of bound Pods that they run, and lets go of those that terminate: a node without containers. */
export function startTestKubelet(deps: TestKubeletDeps, options: TestKubeletOptions, signal: AbortSignal): void {
  const { client, informers, clock } = deps
  const { nodeName, startMs = 20, stopMs = 20, fateOf = () => 'ready' as const, addressOf } = options
  const handled = new Set<string>()

  /** Does `work` once, after a while, unless the kubelet has ended. */
  const once = (what: string, delayMs: number, work: () => Promise<unknown>): void => {
    if (signal.aborted || handled.has(what)) return
    handled.add(what)
    clock.after(delayMs, () => {
      if (!signal.aborted) work().catch(ignoreGone)
    })
  }
  const start = (pod: Persisted<Pod>) =>
    client.modify(
      PODS,
      pod.metadata,
      (draft) => {
        if (draft.metadata.uid !== pod.metadata.uid || draft.metadata.deletionTimestamp) return false
        draft.status = runningStatus(draft.status, fateOf(pod), clock.now())
        const ip = addressOf?.(pod)
        if (ip) Object.assign(draft.status, { podIP: ip, podIPs: [{ ip }] })
      },
      { status: true },
    )
  const stop = ({ metadata }: Persisted<Pod>) =>
    client.delete(PODS, metadata, { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } })

  const unsubscribe = informers.of(PODS).onChange(({ type, object: pod }) => {
    const isMine = pod.spec.nodeName && (nodeName === undefined || pod.spec.nodeName === nodeName)
    if (type === 'deleted' || !isMine) return
    if (pod.metadata.deletionTimestamp) once(`stop ${pod.metadata.uid}`, stopMs, () => stop(pod))
    else once(`start ${pod.metadata.uid}`, startMs, () => start(pod))
  })
  signal.addEventListener('abort', unsubscribe, { once: true })
}

const PHASES = { ready: 'Running', unready: 'Running', failed: 'Failed', succeeded: 'Succeeded' } as const

function runningStatus(before: PodStatus | undefined, fate: PodFate, nowMs: number): PodStatus {
  const ready: PodCondition = {
    type: 'Ready',
    status: fate === 'ready' ? 'True' : 'False',
    lastTransitionTime: timestamp(nowMs),
  }
  const others = (before?.conditions ?? []).filter(({ type }) => type !== 'Ready')
  return { ...before, phase: PHASES[fate], startTime: timestamp(nowMs), conditions: [...others, ready] }
}

function ignoreGone(error: unknown): void {
  if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error
}
