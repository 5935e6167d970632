import { type AgentFrame, type ControlFrame, PROTOCOL_VERSION, type StreamFrame, type StreamRequest } from './frames.ts'
import { chainFields, NETWORK_AGENT_SHAPES, NETWORK_CONTROL_SHAPES } from './network-shapes.ts'
import {
  apiType,
  both,
  fields,
  flag,
  listOf,
  mapOf,
  nonEmptyText,
  oneOf,
  optional,
  type Shape,
  text,
  whole,
} from './shape.ts'

/** Stream numbers travel as 32 bits. */
export const MAX_STREAM_NUMBER = 2 ** 32 - 1

const streamNumber = whole(1, MAX_STREAM_NUMBER)

const nodeReport = fields({
  labels: mapOf(text),
  status: apiType('core.v1.NodeStatus'),
  unfitImages: optional(listOf(text)),
})

const podReport = fields({
  sequence: whole(1),
  namespace: nonEmptyText,
  name: nonEmptyText,
  uid: nonEmptyText,
  status: apiType('core.v1.PodStatus'),
  terminated: flag,
})

const eventReport = fields({
  pod: optional(fields({ namespace: nonEmptyText, name: nonEmptyText, uid: nonEmptyText })),
  fieldPath: optional(text),
  type: oneOf('Normal', 'Warning'),
  reason: nonEmptyText,
  message: text,
})

const logsRequest = fields({
  podUid: nonEmptyText,
  container: nonEmptyText,
  follow: flag,
  previous: flag,
  timestamps: flag,
  tailLines: optional(whole()),
  sinceSeconds: optional(whole()),
  sinceTime: optional(text),
  limitBytes: optional(whole()),
})

const commandFields = {
  podUid: nonEmptyText,
  container: nonEmptyText,
  stdin: flag,
  stdout: flag,
  stderr: flag,
  tty: flag,
}

const STREAM_REQUESTS: Readonly<Record<StreamRequest['kind'], Shape>> = {
  logs: logsRequest,
  metrics: fields({}),
  exec: fields({ ...commandFields, command: listOf(text) }),
  attach: fields(commandFields),
  portForward: fields({ podUid: nonEmptyText, port: whole(1, 65535) }),
}

const streamRequest: Shape = (value, path) => {
  const wrong = fields({ kind: oneOf(...Object.keys(STREAM_REQUESTS)) })(value, path)
  return wrong ?? STREAM_REQUESTS[(value as StreamRequest).kind](value, path)
}

const assignedKind = oneOf('Pod', 'Node', 'ConfigMap', 'Secret', 'PersistentVolumeClaim', 'PersistentVolume')
const persistedMeta = fields({
  metadata: fields({
    namespace: optional(nonEmptyText),
    name: nonEmptyText,
    uid: nonEmptyText,
    resourceVersion: nonEmptyText,
  }),
})
const API_TYPES: Readonly<Record<string, Shape>> = {
  Pod: apiType('core.v1.Pod'),
  Node: apiType('core.v1.Node'),
  ConfigMap: apiType('core.v1.ConfigMap'),
  Secret: apiType('core.v1.Secret'),
  PersistentVolumeClaim: apiType('core.v1.PersistentVolumeClaim'),
  PersistentVolume: apiType('core.v1.PersistentVolume'),
}
const assignedObject: Shape = (value, path) => {
  const wrong = fields({ kind: assignedKind, object: persistedMeta })(value, path)
  if (wrong) return wrong
  const { kind, object } = value as { kind: string; object: unknown }
  return API_TYPES[kind]?.(object, `${path}.object`)
}

const hello = fields({ agentVersion: text, assignmentsVersion: whole(), node: nodeReport })

const STREAM_SHAPES: Readonly<Record<StreamFrame['type'], Shape>> = {
  streamCredit: fields({ stream: streamNumber, bytes: whole(1) }),
  streamEnd: fields({ stream: streamNumber, error: optional(apiType('meta.v1.Status')) }),
}

export const AGENT_SHAPES: Readonly<Record<AgentFrame['type'], Shape>> = {
  // The rest of a hello is read only where the versions agree.
  hello: both(fields({ protocolVersion: whole() }), (value, path) =>
    (value as { protocolVersion: number }).protocolVersion === PROTOCOL_VERSION ? hello(value, path) : undefined,
  ),
  heartbeat: fields({}),
  nodeStatus: fields({ status: nodeReport }),
  resync: fields({}),
  podStatus: fields({ reports: listOf(podReport) }),
  events: fields({ events: listOf(eventReport) }),
  volumeRemoved: fields({ name: nonEmptyText, uid: nonEmptyText }),
  streamOpened: fields({ stream: streamNumber }),
  ...NETWORK_AGENT_SHAPES,
  ...STREAM_SHAPES,
}

export const CONTROL_SHAPES: Readonly<Record<ControlFrame['type'], Shape>> = {
  welcome: fields({ nodeName: nonEmptyText, clusterId: nonEmptyText, heartbeatIntervalMs: whole(1) }),
  heartbeat: fields({}),
  assignments: fields({
    ...chainFields,
    set: listOf(assignedObject),
    remove: listOf(fields({ kind: assignedKind, namespace: text, name: nonEmptyText, uid: nonEmptyText })),
  }),
  podStatusAccepted: fields({ sequence: whole(1) }),
  streamOpen: fields({ stream: streamNumber, request: streamRequest }),
  ...NETWORK_CONTROL_SHAPES,
  ...STREAM_SHAPES,
}
