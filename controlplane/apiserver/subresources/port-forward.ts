import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { Services } from '../services.ts'
import { negotiatePortForward } from '../streaming/negotiate.ts'
import type { PortForwardTarget } from '../streaming/port-client.ts'
import { refusePlain } from './command.ts'
import { nodeOf, podOf } from './pod-container.ts'
import type { Connect, Subresource } from './subresource.ts'

const connect: Connect = async (request, services, connection) => {
  const pod = await podOf(request, services)
  const target = targetOf(pod, nodeOf(pod), services)
  return negotiatePortForward(connection, request.query.texts('ports'), services.clock, target)
}

/** Ports of a Pod. Each connection is a stream to the node. */
export const portForward: Subresource = {
  name: 'portforward',
  isServedFor: (kind) => kind.type === PODS.type,
  representation: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
  handlers: { create: refusePlain, get: refusePlain },
  connect,
}

/** What goes wrong is said in the kubelet's words. */
function targetOf({ metadata }: Persisted<Pod>, nodeName: string, { nodeStreams }: Services): PortForwardTarget {
  const { name, uid } = metadata
  return {
    open: (port, signal) => nodeStreams.open(nodeName, { kind: 'portForward', podUid: uid, port }, signal),
    failure: (port, why) => `error forwarding port ${port} to pod ${name}, uid ${uid}: ${why}`,
  }
}
