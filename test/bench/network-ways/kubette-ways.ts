import type { Machines } from '../../support/machines.ts'
import { eventually } from '../../support/shell.ts'
import { IMAGE, OFFSETS, portsAt, publishedAt, serveCommand } from './bench-servers.ts'
import type { Ports, Run, Way } from './way.ts'

/** The share of the processor of containers for which nobody asks for any: Pods that ask for nothing have a five-hundredth. */
const AS_DOCKER_HAS_IT = { requests: { cpu: '1' } }

export interface KubetteWays {
  direct: Way
  service: Way
  /** At the machine where the endpoint is. */
  nodePort: Way
  /** At the third machine. */
  otherNodePort: Way
}

/** From a Pod at the first machine, or from that machine itself, to a Pod at the second. */
export async function kubetteWays(machines: Machines): Promise<KubetteWays> {
  const [near = '', far = '', other = ''] = machines.hosts
  await apply(machines, near, far)
  const waiting = ['wait', '--for=condition=Ready', 'pod/server', 'pod/client', '--timeout=10s']
  await eventually('the Pods are Ready', () => machines.kubectl(...waiting))
  const podIp = await machines.kubectl('get', 'pod', 'server', '-o', 'jsonpath={.status.podIP}')
  const clusterIp = await machines.kubectl('get', 'service', 'bench', '-o', 'jsonpath={.spec.clusterIP}')
  const run: Run = (...command) => machines.kubectl('exec', 'client', '--', ...command)
  const onHost: Run = (...command) => machines.lab.exec(near, ...command)
  const way = (name: string, from: Run, address: string, ports: Ports): Way => {
    return { name: `kubette: ${name}`, run: from, address, ports }
  }
  const address = (host: string) => machines.lab.address(host)
  const published = (key: 'nodePort' | 'otherNodePort') => publishedAt(OFFSETS[key])
  return {
    direct: way('Pod to Pod', run, podIp, portsAt(OFFSETS.direct)),
    service: way('Pod to Service', run, clusterIp, portsAt(OFFSETS.service)),
    nodePort: way('machine to node port', onHost, address(far), published('nodePort')),
    otherNodePort: way('machine to node port, endpoint elsewhere', onHost, address(other), published('otherNodePort')),
  }
}

async function apply(machines: Machines, near: string, far: string): Promise<void> {
  const pod = (name: string, nodeName: string, command: string[]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 0,
      // A machine that is busy with the measuring may be late with its heartbeats.
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'bench', image: IMAGE, command, resources: AS_DOCKER_HAS_IT }],
    },
  })
  await machines.apply(pod('server', far, serveCommand(...Object.values(OFFSETS))))
  await machines.apply(pod('client', near, ['/bin/busybox', 'sleep', '86400']))
  const selector = { app: 'server' }
  const service = (name: string, spec: object) =>
    machines.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector, ...spec } })
  await service('bench', { ports: Object.entries(portsAt(OFFSETS.service)).map(([name, port]) => ({ name, port })) })
  await service('published', { type: 'NodePort', ports: nodePorts(OFFSETS.nodePort) })
  await service('published-elsewhere', { type: 'NodePort', ports: nodePorts(OFFSETS.otherNodePort) })
}

function nodePorts(offset: number): object[] {
  const published = publishedAt(offset)
  return Object.entries(portsAt(offset)).map(([name, port]) => {
    return { name, port, nodePort: published[name as keyof Ports] }
  })
}
