import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CLUSTER_FACTS } from '../../../../shared/cluster-facts.ts'
import {
  type Decode,
  decodeAgentMessage,
  decodeControlMessage,
  encodeData,
  encodeFrame,
} from '../../../../shared/protocol/codec.ts'
import {
  type AgentFrame,
  type ControlFrame,
  MAX_MESSAGE_BYTES,
  PROTOCOL_VERSION,
} from '../../../../shared/protocol/frames.ts'

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'u1',
    resourceVersion: '7',
    creationTimestamp: '2030-01-01T00:00:00Z',
  },
  spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] },
}
const node = { labels: { disk: 'ssd' }, status: { capacity: { cpu: '4', memory: '8Gi' } } }
const command = { podUid: 'u1', container: 'web', stdin: true, stdout: true, stderr: false, tty: true }

const AGENT_FRAMES: AgentFrame[] = [
  { type: 'hello', protocolVersion: PROTOCOL_VERSION, agentVersion: '1', assignmentsVersion: 0, node },
  { type: 'heartbeat' },
  { type: 'nodeStatus', status: node },
  { type: 'resync' },
  {
    type: 'podStatus',
    reports: [
      { sequence: 1, namespace: 'default', name: 'web', uid: 'u1', status: { phase: 'Running' }, terminated: false },
    ],
  },
  { type: 'events', events: [{ type: 'Warning', reason: 'BackOff', message: 'again' }] },
  { type: 'streamOpened', stream: 1 },
  { type: 'networkApplied', version: 2 },
  { type: 'networkResync' },
  { type: 'drainPod', namespace: 'default', name: 'web', uid: 'u1' },
  { type: 'streamCredit', stream: 1, bytes: 10 },
  { type: 'streamEnd', stream: 1 },
]

const CONTROL_FRAMES: ControlFrame[] = [
  { type: 'welcome', nodeName: 'n1', clusterId: 'c', heartbeatIntervalMs: 1000 },
  { type: 'heartbeat' },
  {
    type: 'assignments',
    mode: 'complete',
    appliesTo: 0,
    resultsIn: 1,
    more: false,
    set: [{ kind: 'Pod', object: pod }],
    remove: [{ kind: 'Secret', namespace: 'default', name: 's', uid: 'u2' }],
  },
  {
    type: 'network',
    mode: 'incremental',
    appliesTo: 1,
    resultsIn: 2,
    more: false,
    cluster: DEFAULT_CLUSTER_FACTS,
    set: [
      { kind: 'Node', object: { name: 'n1', uid: 'u3', podCIDRs: ['10.42.0.0/24'], internalIPs: ['192.0.2.1'] } },
      { kind: 'Service', object: { ...pod, kind: 'Service', spec: { ports: [{ port: 80 }] } } },
      { kind: 'EndpointSlice', object: { ...pod, addressType: 'IPv4', endpoints: [{ addresses: ['10.42.0.4'] }] } },
    ],
    remove: [{ kind: 'Node', namespace: '', name: 'n2' }],
  },
  { type: 'podDrained', uid: 'u1' },
  { type: 'podStatusAccepted', sequence: 3 },
  {
    type: 'streamOpen',
    stream: 4,
    request: { kind: 'logs', podUid: 'u1', container: 'web', follow: true, previous: false, timestamps: false },
  },
  { type: 'streamOpen', stream: 5, request: { kind: 'exec', ...command, command: ['sh', '-c', ''] } },
  { type: 'streamOpen', stream: 6, request: { kind: 'attach', ...command } },
  { type: 'streamOpen', stream: 7, request: { kind: 'portForward', podUid: 'u1', port: 8080 } },
  { type: 'streamCredit', stream: 1, bytes: 10 },
  { type: 'streamEnd', stream: 1, error: { status: 'Failure', message: 'no', code: 404 } },
]

const reasonOf = (message: string | Uint8Array, decode: Decode<unknown> = decodeAgentMessage) => {
  const decoded = decode(message)
  return decoded.ok ? 'accepted' : decoded.reason
}

describe('codec', () => {
  it.each([
    '{"type":"heartbeat","x":DEEP}',
    '{"type":DEEP}',
    '{"type":"nodeStatus","status":{"labels":{},"status":{"x":DEEP}}}',
    'DEEP',
  ])('refuses what nests deeper than a stack reaches: %s', (text) => {
    const deep = `${'{"a":['.repeat(100_000)}${']}'.repeat(100_000)}`
    expect(reasonOf(text.replace('DEEP', deep))).toBe('message is nested too deep')
  })

  it.each(AGENT_FRAMES)('reads back what an agent says: $type', (frame) => {
    expect(decodeAgentMessage(encodeFrame(frame))).toEqual({ ok: true, kind: 'frame', frame })
  })

  it.each(CONTROL_FRAMES)('reads back what the control plane says: $type', (frame) => {
    expect(decodeControlMessage(encodeFrame(frame))).toEqual({ ok: true, kind: 'frame', frame })
  })

  it('keeps the two directions apart', () => {
    expect(reasonOf(encodeFrame({ type: 'podStatusAccepted', sequence: 1 }))).toBe(
      'unknown frame type "podStatusAccepted"',
    )
    expect(reasonOf(encodeFrame({ type: 'resync' }), decodeControlMessage)).toBe('unknown frame type "resync"')
  })

  it.each([
    ['{', 'message is not a JSON object'],
    ['[]', 'message is not a JSON object'],
    ['null', 'message is not a JSON object'],
    ['{}', 'unknown frame type undefined'],
    ['{"type":"__proto__"}', 'unknown frame type "__proto__"'],
    ['{"type":"toString"}', 'unknown frame type "toString"'],
    ['{"__proto__":{"type":"heartbeat"}}', 'unknown frame type undefined'],
    ['{"type":"podStatus"}', 'podStatus: reports is not a list'],
    [
      '{"type":"podStatus","reports":[{"sequence":0}]}',
      'podStatus: reports[0].sequence is not a whole number from 1 to 9007199254740991',
    ],
    ['{"type":"networkApplied","version":0}', expect.stringContaining('version is not a whole number from 1')],
    ['{"type":"drainPod","namespace":"default","name":"web"}', 'drainPod: uid is not a string with content'],
    ['{"type":"streamEnd","stream":4294967296}', 'streamEnd: stream is not a whole number from 1 to 4294967295'],
    ['{"type":"streamCredit","stream":1,"bytes":-1}', expect.stringContaining('bytes is not a whole number')],
    ['{"type":"nodeStatus","status":{"labels":{"a":1},"status":{}}}', 'nodeStatus: status.labels.a is not a string'],
    [
      '{"type":"nodeStatus","status":{"labels":{},"status":{"conditions":"x"}}}',
      'nodeStatus: status.status.conditions is not a list',
    ],
    ['{"type":"events","events":[{"type":"Loud"}]}', 'events: events[0].type is not one of Normal, Warning'],
  ])('refuses %s', (message, reason) => {
    expect(reasonOf(message)).toEqual(reason)
  })

  it('does not read the rest of a hello of another version', () => {
    expect(decodeAgentMessage('{"type":"hello","protocolVersion":99}').ok).toBe(true)
    expect(reasonOf(`{"type":"hello","protocolVersion":${PROTOCOL_VERSION}}`)).toBe(
      'hello: agentVersion is not a string',
    )
  })

  it('refuses a message over the size limit before it reads it', () => {
    expect(reasonOf('x'.repeat(MAX_MESSAGE_BYTES + 1))).toContain('longer than 8388608')
    expect(reasonOf(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toContain('longer than 8388608')
  })

  it('reads back data, and refuses data without bytes or stream', () => {
    const message = { stream: 4_000_000_000, channel: 2, data: Uint8Array.of(0, 255) }
    expect(decodeControlMessage(encodeData(message))).toEqual({ ok: true, kind: 'data', data: message })
    expect(reasonOf(new Uint8Array(5))).toBe('data message of 5 bytes')
    expect(reasonOf(new Uint8Array(9))).toBe('data message for stream 0')
    expect(() => encodeData({ stream: 1, channel: 0, data: new Uint8Array() })).toThrow(RangeError)
  })

  it('survives whatever it is given', () => {
    const frames = [...AGENT_FRAMES, ...CONTROL_FRAMES]
    const broken = fc
      .tuple(fc.constantFrom(...frames), fc.string(), fc.jsonValue())
      .map(([frame, key, value]) =>
        JSON.stringify({ ...frame, [key]: value, reports: value, status: value, set: value }),
      )
    const anything = fc.oneof(fc.string(), fc.json(), broken, fc.uint8Array({ maxLength: 20 }))
    fc.assert(
      fc.property(anything, (message) => {
        for (const decode of [decodeAgentMessage, decodeControlMessage])
          expect(typeof decode(message).ok).toBe('boolean')
      }),
      { numRuns: 500 },
    )
  })
})
