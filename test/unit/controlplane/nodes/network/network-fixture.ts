import type { Client } from '../../../../../controlplane/client/client.ts'
import type { Endpoint } from '../../../../../shared/api/generated/discovery-v1.ts'
import {
  ENDPOINT_SLICES,
  NODES,
  type Node,
  PODS,
  type Pod,
  SERVICES,
  type Service,
} from '../../../../../shared/api/kinds.ts'
import { SERVICE_NAME_LABEL } from '../../../../../shared/endpoint-slices.ts'
import type { NetworkFrame } from '../../../../../shared/protocol/network-frames.ts'
import { startHub } from '../hub-fixture.ts'

const namespace = 'default'
const MANAGED_BY = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' }

/** A hub whose Services and slices a test writes by hand, and agents that it plays. */
export async function startNetwork(options: { wrap?: (client: Client) => Client } = {}) {
  const hub = await startHub(options)
  const { client, clock } = hub

  const service = (name: string, spec: Service['spec'] = {}) =>
    client.create(SERVICES, {
      metadata: { namespace, name },
      spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
    })

  const slice = (name: string, endpoints: Endpoint[], labels: Record<string, string> = MANAGED_BY) =>
    client.create(ENDPOINT_SLICES, {
      metadata: { namespace, name, labels: { [SERVICE_NAME_LABEL]: name, ...labels } },
      addressType: 'IPv4',
      ports: [{ port: 8080 }],
      endpoints,
    })

  const setEndpoints = async (name: string, endpoints: Endpoint[]) => {
    await client.modify(ENDPOINT_SLICES, { namespace, name }, (draft) => {
      draft.endpoints = endpoints
    })
    await clock.advance(20)
  }

  /** A Pod with the label `app` that is ready on a node. */
  const pod = async (name: string, nodeName: string, app = 'web', podIP = '10.42.1.4') => {
    const created = await client.create<Pod>(PODS, {
      metadata: { namespace, name, labels: { app } },
      spec: { containers: [{ name: 'main', image: 'web' }] },
    })
    await client.bind(created, nodeName)
    const run = (draft: Pod) => {
      draft.status = { phase: 'Running', podIP }
    }
    return client.modify(PODS, { namespace, name }, run, { status: true })
  }

  const setReady = (nodeName: string, isReady: boolean) => {
    const mark = (draft: Node) => {
      draft.status = { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'Unknown' }] }
    }
    return client.modify(NODES, { name: nodeName }, mark, { status: true })
  }

  /** Of the Service's own, without changing its slices. */
  const select = (name: string, app: string) =>
    client.modify(SERVICES, { namespace, name }, ({ spec = {} }) => {
      spec.selector = { app }
    })

  const agent = async (nodeName: string) => {
    const played = await hub.agent(nodeName)
    const network = (): NetworkFrame[] => played.of('network')
    const apply = async () => {
      const version = network().at(-1)?.resultsIn ?? 0
      played.frames.send({ type: 'networkApplied', version })
      await clock.advance(1)
    }
    const drain = async (name: string, uid: string) => {
      played.frames.send({ type: 'drainPod', namespace, name, uid })
      await clock.advance(1)
    }
    const drained = () => played.of('podDrained').map(({ uid }) => uid)
    return { ...played, network, apply, drain, drained }
  }
  return { ...hub, service, slice, setEndpoints, pod, select, setReady, agent }
}

export function endpoint(podUid: string, conditions: Endpoint['conditions']): Endpoint {
  return { addresses: ['10.42.1.4'], conditions, targetRef: { kind: 'Pod', namespace, name: podUid, uid: podUid } }
}

export const READY = { ready: true, serving: true, terminating: false }
export const ENDING = { ready: false, serving: true, terminating: true }
