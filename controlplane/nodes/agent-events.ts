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

  const subjectOf = ({ pod }: EventReport): Persisted<KubeObject> | undefined => {
    if (!pod) return informers.of(NODES).get(nodeName)
    const found = informers.of(PODS).get(`${pod.namespace}/${pod.name}`)
    return found?.metadata.uid === pod.uid && found.spec?.nodeName === nodeName ? found : undefined
  }

  return {
    take(report) {
      const subject = subjectOf(report)
      if (subject) recorder.event(subject, report.type, report.reason, report.message, report.fieldPath)
      else log.debug({ pod: report.pod, reason: report.reason }, 'event ignored: not about a Pod of this node')
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
