import { EVENTS, type Event, NODES, PODS } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { EventReport } from '../../shared/protocol/frames.ts'
import type { Random } from '../../shared/random.ts'
import type { Client } from '../client/client.ts'
import { createEventRecorder } from '../reconcile/event-recorder.ts'
import type { Informers } from '../reconcile/informer.ts'

const COMPONENT = 'kubette-agent'

export interface AgentEventsDeps {
  client: Client
  informers: Informers
  clock: Clock
  random: Random
  log: Logger
  nodeName: string
}

/** Takes an agent's events, about its own Pods and its own Node only. */
export function createAgentEvents(deps: AgentEventsDeps): { take(report: EventReport): void } {
  const { informers, log, nodeName } = deps
  const recorder = createEventRecorder({ ...deps, client: fromHost(deps.client, nodeName), component: COMPONENT })

  const isForeign = ({ pod }: EventReport) => {
    const found = pod && informers.of(PODS).get(`${pod.namespace}/${pod.name}`)
    return found !== undefined && found.spec?.nodeName !== nodeName
  }
  const subjectOf = ({ pod }: EventReport): Persisted<KubeObject> | undefined => {
    if (!pod) return informers.of(NODES).get(nodeName)
    const found = informers.of(PODS).get(`${pod.namespace}/${pod.name}`)
    return found?.metadata.uid === pod.uid && found.spec?.nodeName === nodeName ? found : undefined
  }

  return {
    take(report) {
      const { pod, reason } = report
      const subject = subjectOf(report)
      if (subject) recorder.event(subject, report.type, reason, report.message, report.fieldPath)
      else if (isForeign(report)) log.warn({ pod, reason }, 'event ignored: the Pod is not of this node')
      else log.debug({ pod, reason }, 'event ignored: the Pod is gone')
    },
  }
}

/** A client whose Events name the node that they come from. */
function fromHost(client: Client, host: string): Client {
  return {
    ...client,
    create: (kind, object) => client.create(kind, kind.type === EVENTS.type ? withHost(object, host) : object),
  }
}

function withHost<T extends KubeObject>(object: T, host: string): T {
  const event = object as KubeObject as Event
  return { ...object, source: { ...event.source, host }, reportingInstance: host }
}
