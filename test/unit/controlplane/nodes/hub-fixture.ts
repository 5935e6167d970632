import { createNodeHub, type HeartbeatOptions } from '../../../../controlplane/nodes/node-hub.ts'
import {
  CONFIG_MAPS,
  type ConfigMap,
  NODES,
  PODS,
  type Pod,
  SECRETS,
  type Secret,
} from '../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../shared/api/object.ts'
import { silentLogger } from '../../../../shared/log.ts'
import { decodeControlMessage } from '../../../../shared/protocol/codec.ts'
import { FrameSocket } from '../../../../shared/protocol/frame-socket.ts'
import {
  type AgentFrame,
  type AssignmentsFrame,
  type ControlFrame,
  type NodeReport,
  type PodReport,
  PROTOCOL_VERSION,
} from '../../../../shared/protocol/frames.ts'
import { socketPair } from '../../../support/socket-pair.ts'
import { startTestControlPlane, type TestControlPlaneOptions } from '../../../support/test-control-plane.ts'
import { settle } from '../../../support/virtual-clock.ts'

export const NODE_REPORT: NodeReport = {
  labels: { disk: 'ssd', 'node-role.kubernetes.io/control-plane': '' },
  status: {
    capacity: { cpu: '4', memory: '8Gi', pods: '110' },
    // As agents count: the API writes it as 8Gi.
    allocatable: { cpu: '4', memory: '8388608Ki', pods: '110' },
    nodeInfo: {
      machineID: 'm',
      systemUUID: 's',
      bootID: 'b',
      kernelVersion: '6.1',
      osImage: 'Debian',
      containerRuntimeVersion: 'docker://20.10',
      kubeletVersion: 'v1.36.0',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  },
}

/** A control plane with a hub, and agents that a test plays by hand. */
export async function startHub(options: TestControlPlaneOptions & { heartbeat?: Partial<HeartbeatOptions> } = {}) {
  const plane = await startTestControlPlane(options)
  const hub = createNodeHub({
    ...plane,
    clusterId: 'c1',
    ...(options.heartbeat ? { heartbeat: options.heartbeat } : {}),
  })

  /** Says hello unless told; `welcome` waits until the hub has answered and sent all assignments. */
  const agent = async (
    nodeName: string,
    how: { fingerprint?: string; hello?: boolean; protocolVersion?: number } = {},
  ) => {
    const pair = socketPair()
    const frames = new FrameSocket<ControlFrame, AgentFrame>(pair.b, decodeControlMessage, silentLogger)
    const received: ControlFrame[] = []
    let closed: { code: number; reason: string } | undefined
    frames.onFrame({ frame: (frame) => received.push(frame), data: () => {} })
    frames.onClose((code, reason) => {
      closed = { code, reason }
    })
    hub.accept(pair.a, nodeName, how.fingerprint ?? `key-of-${nodeName}`)
    if (how.hello ?? true) {
      const protocolVersion = how.protocolVersion ?? PROTOCOL_VERSION
      frames.send({ type: 'hello', protocolVersion, agentVersion: '0', assignmentsVersion: 0, node: NODE_REPORT })
      await plane.clock.advance(100)
    }
    return {
      pair,
      frames,
      received,
      closed: () => closed,
      of: <T extends ControlFrame['type']>(type: T) =>
        received.filter((frame): frame is Extract<ControlFrame, { type: T }> => frame.type === type),
      assignments: (): AssignmentsFrame[] => received.filter((frame) => frame.type === 'assignments'),
      report: async (...reports: PodReport[]) => {
        frames.send({ type: 'podStatus', reports })
        await settle(10)
      },
    }
  }

  const pod = async (name: string, nodeName: string, spec: Partial<Pod['spec']> = {}): Promise<Persisted<Pod>> => {
    const created = await plane.client.create(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec },
    })
    await plane.client.bind(created, nodeName)
    return plane.client.get(PODS, { namespace: 'default', name })
  }

  const configMap = (name: string, data: Record<string, string>) =>
    plane.client.create<ConfigMap>(CONFIG_MAPS, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default' },
      data,
    })

  const secret = (name: string) =>
    plane.client.create<Secret>(SECRETS, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default' },
      data: { key: 'dmFsdWU=' },
    })

  const node = (name: string) => plane.client.get(NODES, { name })
  return { ...plane, hub, agent, pod, configMap, secret, node }
}

export function podReport(pod: Persisted<Pod>, sequence: number, more: Partial<PodReport> = {}): PodReport {
  const { namespace = '', name, uid } = pod.metadata
  return { sequence, namespace, name, uid, status: { phase: 'Running', podIP: '10.0.0.1' }, terminated: false, ...more }
}
