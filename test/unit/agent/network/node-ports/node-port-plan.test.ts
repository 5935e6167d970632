import { describe, expect, it } from 'vitest'
import { parseNodePortsName } from '../../../../../agent/network/node-ports/container-name.ts'
import { planNodePorts } from '../../../../../agent/network/node-ports/node-port-plan.ts'
import { publishedPorts } from '../../../../../agent/network/node-ports/published-ports.ts'
import type { NetworkContainer, PublishedPort } from '../../../../../agent/runtime/runtime.ts'
import { aService } from '../../../../support/service-objects.ts'

const port = (hostPort: number, of: Partial<PublishedPort> = {}): PublishedPort => {
  return { containerPort: hostPort, hostPort, protocol: 'TCP', ...of }
}
const container = (name: string, running = true): NetworkContainer => ({ id: `id of ${name}`, name, running })

const of = (uid: string) => (ports: string) => container(`node-ports-${uid}.${ports}`)

/** The names of what is removed, kept and run. */
function planned(
  wanted: Record<string, PublishedPort[]>,
  containers: NetworkContainer[],
): [string[], string[], string[]] {
  const plan = planNodePorts(new Map(Object.entries(wanted)), containers)
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name)
  return [names(plan.remove), names(plan.keep.map((kept) => kept.container)), names(plan.run)]
}

describe('planNodePorts', () => {
  it('publishes each port through a container of its own', () => {
    expect(planned({ a: [port(30080), port(53, { protocol: 'UDP' })] }, [])).toEqual([
      [],
      [],
      ['node-ports-a.30080t', 'node-ports-a.53u'],
    ])
  })

  it('leaves those of other ports alone when one comes or goes', () => {
    expect(planned({ a: [port(30080), port(30082)] }, ['30080t', '30081t'].map(of('a')))).toEqual([
      ['node-ports-a.30081t'],
      ['node-ports-a.30080t'],
      ['node-ports-a.30082t'],
    ])
  })

  it('leaves a container of several ports while all of them are wanted', () => {
    const both = container('node-ports-a.30080t_30081t')
    expect(planned({ a: [port(30080), port(30081)] }, [both])).toEqual([[], [both.name], []])
    expect(planned({ a: [port(30080)] }, [both])).toEqual([[both.name], [], ['node-ports-a.30080t']])
  })

  it('replaces one that has ended', () => {
    const ended = container('node-ports-a.30080t', false)
    expect(planned({ a: [port(30080)] }, [ended])).toEqual([[ended.name], [], [ended.name]])
  })

  it('removes those of Services that are gone, and nothing that is not its own', () => {
    expect(planned({}, [container('node-ports-a.30080t'), container('gateway')])).toEqual([
      ['node-ports-a.30080t'],
      [],
      [],
    ])
  })
})

describe('parseNodePortsName', () => {
  it('tells ports with and without an address', () => {
    expect(parseNodePortsName('node-ports-3f-2.80t-192.168.1.5_53u')).toEqual({
      serviceUid: '3f-2',
      ports: [port(80, { hostIP: '192.168.1.5' }), port(53, { protocol: 'UDP' })],
    })
    expect(parseNodePortsName('gateway')).toBeUndefined()
  })
})

describe('publishedPorts', () => {
  const own = ['192.168.1.5']

  it('has the node ports of a Service', () => {
    const service = aService('web', {
      type: 'NodePort',
      clusterIP: '10.43.0.1',
      ports: [{ port: 80, nodePort: 30080 }],
    })
    expect(publishedPorts(service, own)).toEqual([port(30080)])
  })

  it("has a balancer's ports on all addresses, and external addresses that are the machine's", () => {
    const ports = [{ port: 80, nodePort: 30080 }]
    const externalIPs = ['192.168.1.5', '203.0.113.9']
    const service = aService('web', { type: 'LoadBalancer', clusterIP: '10.43.0.1', ports, externalIPs })
    expect(publishedPorts(service, own)).toEqual([port(30080), port(80)])
    const plain = aService('web', { clusterIP: '10.43.0.1', ports: [{ port: 80 }], externalIPs })
    expect(publishedPorts(plain, own)).toEqual([port(80, { hostIP: '192.168.1.5' })])
  })

  it('has the port at which health is asked for, and no ports of a balancer that is of another class', () => {
    const ports = [{ port: 80, nodePort: 30080 }]
    const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30090 }
    const service = aService('web', { ...local, clusterIP: '10.43.0.1', ports, loadBalancerClass: 'example.com/other' })
    expect(publishedPorts(service, own)).toEqual([port(30080), port(30090)])
  })

  it('has none of Services without an address', () => {
    expect(publishedPorts(aService('web', { clusterIP: 'None', externalIPs: own }), own)).toEqual([])
  })
})
