import { describe, expect, it } from 'vitest'
import { containerEnvironment } from '../../../../../agent/pods/spec/environment.ts'
import { serviceEnvironment } from '../../../../../agent/pods/spec/service-environment.ts'
import type { ServiceSpec } from '../../../../../shared/api/generated/core-v1.ts'
import type { Service } from '../../../../../shared/api/kinds.ts'
import { AgentNode } from '../../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const service = (namespace: string, name: string, spec: ServiceSpec): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec,
})
const api = service('default', 'kubernetes', {
  clusterIP: '10.43.0.1',
  ports: [{ name: 'https', port: 443, protocol: 'TCP' }],
})
const shop = service('shop', 'redis-primary', {
  clusterIP: '10.43.0.9',
  ports: [
    { name: 'main.port', port: 6379, protocol: 'TCP' },
    { name: 'gossip', port: 7000, protocol: 'UDP' },
  ],
})
const headless = service('shop', 'headless', { clusterIP: 'None', ports: [{ port: 1 }] })
const all = [api, shop, headless, service('other', 'web', { clusterIP: '10.43.0.8', ports: [{ port: 80 }] })]

describe('serviceEnvironment', () => {
  it('tells of the Services of the Pod’s namespace, and of the API', () => {
    const variables = Object.fromEntries(serviceEnvironment(all, 'shop', true))
    expect(variables).toEqual({
      KUBERNETES_SERVICE_HOST: '10.43.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      KUBERNETES_SERVICE_PORT_HTTPS: '443',
      KUBERNETES_PORT: 'tcp://10.43.0.1:443',
      KUBERNETES_PORT_443_TCP: 'tcp://10.43.0.1:443',
      KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
      KUBERNETES_PORT_443_TCP_PORT: '443',
      KUBERNETES_PORT_443_TCP_ADDR: '10.43.0.1',
      REDIS_PRIMARY_SERVICE_HOST: '10.43.0.9',
      REDIS_PRIMARY_SERVICE_PORT: '6379',
      REDIS_PRIMARY_SERVICE_PORT_MAIN_PORT: '6379',
      REDIS_PRIMARY_SERVICE_PORT_GOSSIP: '7000',
      REDIS_PRIMARY_PORT: 'tcp://10.43.0.9:6379',
      REDIS_PRIMARY_PORT_6379_TCP: 'tcp://10.43.0.9:6379',
      REDIS_PRIMARY_PORT_6379_TCP_PROTO: 'tcp',
      REDIS_PRIMARY_PORT_6379_TCP_PORT: '6379',
      REDIS_PRIMARY_PORT_6379_TCP_ADDR: '10.43.0.9',
      REDIS_PRIMARY_PORT_7000_UDP: 'udp://10.43.0.9:7000',
      REDIS_PRIMARY_PORT_7000_UDP_PROTO: 'udp',
      REDIS_PRIMARY_PORT_7000_UDP_PORT: '7000',
      REDIS_PRIMARY_PORT_7000_UDP_ADDR: '10.43.0.9',
    })
  })

  it('tells of the API alone where the Pod wants no links', () => {
    expect([...serviceEnvironment(all, 'shop', false).keys()].every((name) => name.startsWith('KUBERNETES_'))).toBe(
      true,
    )
  })

  it('puts a Service of the Pod’s namespace before the API of the same name', () => {
    const own = service('shop', 'kubernetes', { clusterIP: '10.43.0.7', ports: [{ port: 1 }] })
    for (const order of [
      [own, api],
      [api, own],
    ]) {
      expect(serviceEnvironment(order, 'shop', true).get('KUBERNETES_SERVICE_HOST')).toBe('10.43.0.7')
      expect(serviceEnvironment(order, 'shop', false).get('KUBERNETES_SERVICE_HOST')).toBe('10.43.0.1')
    }
  })

  it('makes names that a shell takes, and addresses that a URL takes', () => {
    const odd = service('shop', '2nd', { clusterIP: 'fd00::1', ports: [{ port: 80 }] })
    const variables = serviceEnvironment([odd], 'shop', true)
    expect(variables.get('_2ND_SERVICE_HOST')).toBe('fd00::1')
    expect(variables.get('_2ND_PORT')).toBe('tcp://[fd00::1]:80')
  })
})

describe('the environment of a container', () => {
  const sources = (services: Service[] | undefined) => ({
    ...{
      pod: assignedPod('a'),
      podIP: '10.0.0.7',
      hostIPs: [],
      allocatable: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '20Gi' },
    },
    ...{ configMap: () => undefined, secret: () => undefined, services: () => services },
  })

  it('replaces what tells of Services, and may use it', () => {
    const env = [
      { name: 'URL', value: 'https://$(KUBERNETES_SERVICE_HOST)' },
      { name: 'KUBERNETES_SERVICE_HOST', value: 'mine' },
    ]
    const environment = containerEnvironment(podContainer('web', { env }), sources([api]))
    expect(['URL', 'KUBERNETES_SERVICE_HOST'].map((name) => environment.get(name)?.value)).toEqual([
      'https://10.43.0.1',
      'mine',
    ])
  })

  it('is made as soon as the Services are known', async () => {
    const clock = new VirtualClock()
    const runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    const node = new AgentNode(runtime, clock)
    node.services = undefined
    node.put(assignedPod('a'))
    const waiting = () => node.status('a')?.containerStatuses?.[0]?.state?.waiting?.reason
    await clock.until(() => waiting() === 'CreateContainerConfigError')
    node.services = [api]
    node.manager.retryConfiguration()
    await clock.until(() => node.status('a')?.phase === 'Running', 1_000)
  })

  it('is not made before the Services are known', () => {
    expect(() => containerEnvironment(podContainer('web'), sources(undefined))).toThrow(
      'services have not yet been read at least once, cannot construct envvars',
    )
  })
})
