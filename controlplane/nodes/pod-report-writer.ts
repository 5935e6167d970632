import { isApiError, type StatusReason } from '../../shared/api/api-error.ts'
import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { Backoff } from '../../shared/backoff.ts'
import { type Clock, sleep, timestamp } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { PodReport } from '../../shared/protocol/frames.ts'
import type { Client } from '../client/client.ts'
import { mergePodStatus } from './pod-status.ts'

const RETRY_BACKOFF = { initialMs: 200, maxMs: 10_000 }
const PASSING: readonly StatusReason[] = [
  'ServiceUnavailable',
  'Timeout',
  'TooManyRequests',
  'InternalError',
  'Conflict',
]

export interface PodReportWriterDeps {
  client: Client
  clock: Clock
  log: Logger
  nodeName: string
  /** The session has ended: what is not stored by then the agent sends again. */
  signal: AbortSignal
}

/** What became of a report. */
type Outcome = 'stored' | 'same' | 'gone' | 'notOurs' | 'ended'

/**
 * Stores one report: the status where it says something new, then the end of the Pod's deletion where its containers
 * are gone. A report on a Pod that is not bound to the node, or on an earlier Pod of that name, is let go. Goes on
 * trying while the API is unavailable; resolves in any case.
 */
export async function writePodReport(deps: PodReportWriterDeps, report: PodReport): Promise<void> {
  const { clock, log, signal } = deps
  const backoff = new Backoff(RETRY_BACKOFF)
  while (!signal.aborted) {
    try {
      await writeOnce(deps, report)
      return
    } catch (error) {
      if (!PASSING.some((reason) => isApiError(error, reason))) {
        log.warn({ ...names(report), err: error }, 'pod status refused')
        return
      }
      log.warn({ ...names(report), err: error }, 'pod status not stored yet')
      await sleep(clock, backoff.next(), signal).catch(() => {})
    }
  }
}

async function writeOnce(deps: PodReportWriterDeps, report: PodReport): Promise<void> {
  const { outcome, pod } = await writeStatus(deps, report)
  if (outcome === 'notOurs' || outcome === 'ended') deps.log.warn({ ...names(report), outcome }, 'pod status ignored')
  if (!pod || outcome === 'notOurs' || !report.terminated || !pod.metadata.deletionTimestamp) return
  await finishDeletion(deps, report)
}

async function writeStatus(
  { client, clock, nodeName }: PodReportWriterDeps,
  report: PodReport,
): Promise<{ outcome: Outcome; pod?: Persisted<Pod> }> {
  let outcome: Outcome = 'stored'
  const change = (pod: Persisted<Pod>) => {
    outcome = 'stored'
    if (pod.metadata.uid !== report.uid || pod.spec?.nodeName !== nodeName) {
      outcome = 'notOurs'
      return false
    }
    const merged = mergePodStatus(pod.status, report.status, timestamp(clock.now()))
    if (merged.kind !== 'changed') {
      outcome = merged.kind
      return false
    }
    pod.status = merged.status
    return undefined
  }
  try {
    const pod = await client.modify(PODS, report, change, { status: true })
    return { outcome, pod }
  } catch (error) {
    if (isApiError(error, 'NotFound')) return { outcome: 'gone' }
    throw error
  }
}

async function finishDeletion({ client, log }: PodReportWriterDeps, report: PodReport): Promise<void> {
  const { namespace, name, uid } = report
  try {
    await client.delete(PODS, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } })
    log.debug(names(report), 'pod deletion finished')
  } catch (error) {
    // Gone, or another Pod has the name: either way this one is no more.
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error
  }
}

function names({ namespace, name, uid }: PodReport) {
  return { pod: `${namespace}/${name}`, uid }
}
