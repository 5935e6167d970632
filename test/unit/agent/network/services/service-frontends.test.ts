import { describe, expect, it } from 'vitest'
import { type FrontendFacts, serviceFrontends } from '../../../../../agent/network/services/service-frontends.ts'
import type { ServiceSpec } from '../../../../../shared/api/generated/core-v1.ts'
import type { Endpoint, EndpointSlice } from '../../../../../shared/api/generated/discovery-v1.ts'
import type { Service } from '../../../../../shared/api/kinds.ts'
import { anEndpointSlice, aService } from '../../../../support/service-objects.ts'

const POD: FrontendFacts = { role: 'pod', nodeNames: ['here'], zone: 'z1', ownAddresses: ['192.168.1.5'] }
const GATEWAY: FrontendFacts = { ...POD, role: 'gateway' }
const NODE_PORT: FrontendFacts = { ...POD, role: 'nodePort', ownAddresses: ['10.42.0.9'] }

const READY: Endpoint = { addresses: ['10.42.0.5'], nodeName: 'here', conditions: { ready: true } }
const AWAY: Endpoint = { addresses: ['10.42.1.6'], nodeName: 'there', conditions: { ready: true } }
const ENDING = { ready: false, serving: true, terminating: true }

function service(spec: ServiceSpec = {}): Service {
  return aService('web', { clusterIP: '10.43.0.1', ports: [{ port: 80 }], ...spec })
}

function slice(endpoints: Endpoint[], of: Partial<EndpointSlice> = {}): EndpointSlice {
  return anEndpointSlice('web', { endpoints, ports: [{ name: '', port: 8080, protocol: 'TCP' }], ...of })
}

/** What becomes of a connection to each frontend, in short. */
function shown(of: Service, slices: EndpointSlice[], facts = POD): Record<string, string> {
  const frontends = [...serviceFrontends(of, slices, facts)]
  return Object.fromEntries(
    frontends.map(([key, { verdict, sourceRanges }]) => {
      const affinity = verdict.type === 'balance' && verdict.affinitySeconds ? ` for ${verdict.affinitySeconds} s` : ''
      const client = verdict.type === 'balance' && verdict.keepsClient ? ', who see the client' : ''
      const where = verdict.type === 'balance' ? `${verdict.endpoints.join(', ')}${client}${affinity}` : verdict.type
      return [key, sourceRanges ? `${where} from ${sourceRanges.join(', ')}` : where]
    }),
  )
}

const CLUSTER_IP = '10.43.0.1:80/TCP'
const toClusterIP = (of: Service, endpoints: Endpoint[], facts = POD) =>
  shown(of, [slice(endpoints)], facts)[CLUSTER_IP]

describe('serviceFrontends', () => {
  it('leads the cluster address to the ready endpoints', () => {
    const unready = { addresses: ['10.42.0.7'], conditions: { ready: false } }
    expect(toClusterIP(service(), [READY, unready, AWAY])).toBe('10.42.0.5:8080, 10.42.1.6:8080')
  })

  it('takes the ports of a slice by name and protocol', () => {
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ]
    const slicePorts = [
      { name: 'dns', port: 5353, protocol: 'UDP' },
      { name: 'dns-tcp', port: 5354, protocol: 'TCP' },
    ]
    expect(shown(service({ ports }), [slice([READY], { ports: slicePorts })])).toEqual({
      '10.43.0.1:53/UDP': '10.42.0.5:5353',
      '10.43.0.1:53/TCP': '10.42.0.5:5354',
    })
  })

  it('counts an endpoint that is in two slices once, as ready where one says so', () => {
    const unready = { ...READY, conditions: { ready: false } }
    expect(shown(service(), [slice([unready]), slice([READY]), slice([unready])])).toEqual({
      [CLUSTER_IP]: '10.42.0.5:8080',
    })
  })

  it('takes what says nothing of its conditions for ready, and knows only IPv4', () => {
    const six = slice([{ addresses: ['fd00::1'] }], { addressType: 'IPv6' })
    expect(shown(service(), [slice([{ addresses: ['10.42.0.5'] }]), six])).toEqual({ [CLUSTER_IP]: '10.42.0.5:8080' })
  })

  it.each<[string, ServiceSpec]>([
    ['a headless Service', { clusterIP: 'None' }],
    ['a name', { type: 'ExternalName', externalName: 'example.org' }],
    ['one that has no address yet', { clusterIP: undefined }],
    ['SCTP', { ports: [{ port: 80, protocol: 'SCTP' }] }],
  ])('has nothing for %s', (_what, spec) => {
    expect(shown(service(spec as ServiceSpec), [slice([READY])])).toEqual({})
  })

  it('falls back to endpoints that still serve while they end, where none is ready', () => {
    const ending = { ...AWAY, conditions: ENDING }
    expect(toClusterIP(service(), [ending])).toBe('10.42.1.6:8080')
    expect(toClusterIP(service(), [READY, ending])).toBe('10.42.0.5:8080')
    expect(toClusterIP(service(), [{ ...AWAY, conditions: { ...ENDING, serving: false } }])).toBe('reject')
  })

  it('keeps clients with their endpoint for as long as the Service says', () => {
    expect(toClusterIP(service({ sessionAffinity: 'ClientIP' }), [READY])).toBe('10.42.0.5:8080 for 10800 s')
    const sessionAffinityConfig = { clientIP: { timeoutSeconds: 7 } }
    expect(toClusterIP(service({ sessionAffinity: 'ClientIP', sessionAffinityConfig }), [READY])).toBe(
      '10.42.0.5:8080 for 7 s',
    )
  })

  describe('with internalTrafficPolicy Local', () => {
    const local = service({ internalTrafficPolicy: 'Local' })

    it('stays on the node', () => {
      expect(toClusterIP(local, [READY, AWAY])).toBe('10.42.0.5:8080')
    })

    it('answers nothing where only other nodes have endpoints, and says so where nobody has', () => {
      expect(toClusterIP(local, [AWAY])).toBe('drop')
      expect(toClusterIP(local, [])).toBe('reject')
    })

    it('falls back to endings of this node, though others are ready elsewhere', () => {
      expect(toClusterIP(local, [AWAY, { ...READY, conditions: ENDING }])).toBe('10.42.0.5:8080')
    })
  })

  describe('with hints', () => {
    const near: Endpoint = { ...READY, hints: { forNodes: [{ name: 'here' }], forZones: [{ name: 'z1' }] } }
    const far: Endpoint = { ...AWAY, hints: { forNodes: [{ name: 'there' }], forZones: [{ name: 'z1' }] } }

    it('prefers the node, then the zone', () => {
      expect(toClusterIP(service(), [near, far])).toBe('10.42.0.5:8080')
      expect(toClusterIP(service(), [near, { ...AWAY, hints: { forZones: [{ name: 'z2' }] } }])).toBe('10.42.0.5:8080')
    })

    it('ignores them where one has none, or none is for here', () => {
      expect(toClusterIP(service(), [near, AWAY])).toBe('10.42.0.5:8080, 10.42.1.6:8080')
      const elsewhere = { ...POD, nodeNames: ['third'], zone: 'z3' }
      expect(toClusterIP(service(), [near, far], elsewhere)).toBe('10.42.0.5:8080, 10.42.1.6:8080')
    })
  })

  describe('of a Service that is met from outside', () => {
    const balancer: Service = {
      ...service({
        type: 'LoadBalancer',
        ports: [{ port: 80, nodePort: 30080 }],
        externalIPs: ['192.168.1.77'],
        loadBalancerSourceRanges: ['192.168.0.0/16', ' 10.0.0.0/8'],
        externalTrafficPolicy: 'Local',
      }),
      status: { loadBalancer: { ingress: [{ ip: '192.168.1.5' }, { ip: '192.168.1.6', ipMode: 'Proxy' }] } },
    }

    it('short-cuts what a Pod opens to all of its addresses, to all endpoints', () => {
      const all = '10.42.0.5:8080, 10.42.1.6:8080'
      expect(shown(balancer, [slice([READY, AWAY])])).toEqual({
        [CLUSTER_IP]: all,
        '192.168.1.5:30080/TCP': all,
        '192.168.1.5:80/TCP': `${all} from 192.168.0.0/16, 10.0.0.0/8`,
        '192.168.1.77:80/TCP': all,
      })
    })

    it('is only its cluster address for the gateway', () => {
      expect(Object.keys(shown(balancer, [slice([READY])], GATEWAY))).toEqual([CLUSTER_IP])
    })

    it('leads published ports to endpoints of the node alone with externalTrafficPolicy Local', () => {
      expect(shown(balancer, [slice([READY, AWAY])], NODE_PORT)).toEqual({
        '10.42.0.9:30080/TCP': '10.42.0.5:8080, who see the client',
        '10.42.0.9:80/TCP': '10.42.0.5:8080, who see the client from 192.168.0.0/16, 10.0.0.0/8',
      })
      expect(shown(balancer, [slice([AWAY])], NODE_PORT)['10.42.0.9:30080/TCP']).toBe('drop')
      expect(shown(balancer, [], NODE_PORT)['10.42.0.9:30080/TCP']).toBe('reject')
    })
  })
})
