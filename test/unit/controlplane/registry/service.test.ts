import { beforeEach, describe, expect, it } from 'vitest'
import type { ServiceSpec } from '../../../../shared/api/generated/core-v1.ts'
import { SERVICES, type Service } from '../../../../shared/api/kinds.ts'
import { aService } from '../../../support/service-objects.ts'
import { causesOf, type TestRegistry, testRegistry } from '../../../support/test-registry.ts'

let test: TestRegistry

beforeEach(async () => {
  test = await testRegistry()
})

const named = { namespace: 'default', name: 'web' }
const refusals = (spec: ServiceSpec, name = 'web') => test.refusals(SERVICES, aService(name, spec))

/** Writes `spec` over the Service `web`, as a patch would. */
async function change(spec: ServiceSpec, without: (keyof ServiceSpec)[] = []): Promise<ServiceSpec> {
  const { object } = await test.registry.update(
    SERVICES,
    named,
    (current) => {
      const next = { ...(current as Service).spec, ...spec }
      for (const field of without) delete next[field]
      return { ...current, spec: next } as Service
    },
    {},
  )
  return (object as Service).spec
}

const changeRefusals = (spec: ServiceSpec) => change(spec).then(() => [], causesOf)

describe('a Service', () => {
  it('gets what upstream defaults', async () => {
    const { spec, status } = await test.create(SERVICES, aService('web', { ports: [{ port: 80, name: '' }] }))
    expect(status).toEqual({ loadBalancer: {} })
    expect(spec).toMatchObject({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    })
    expect(spec.externalTrafficPolicy).toBeUndefined()
  })

  it('has policies for traffic from outside where there is any', async () => {
    const balanced = await test.create(SERVICES, aService('a', { type: 'LoadBalancer' }))
    expect(balanced.spec).toMatchObject({ externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true })
    const external = await test.create(SERVICES, aService('b', { externalIPs: ['192.0.2.1'] }))
    expect(external.spec.externalTrafficPolicy).toBe('Cluster')
  })

  it('keeps clients together for three hours where it says so without saying how long', async () => {
    const { spec } = await test.create(SERVICES, aService('web', { sessionAffinity: 'ClientIP' }))
    expect(spec.sessionAffinityConfig).toEqual({ clientIP: { timeoutSeconds: 10_800 } })
    const next = await change({ sessionAffinity: 'None' })
    expect(next.sessionAffinityConfig).toBeUndefined()
  })

  it('holds endpoints of both families where it is headless and they are made by hand', async () => {
    const { spec } = await test.create(SERVICES, aService('web', { clusterIP: 'None', selector: {} }))
    expect(spec).toMatchObject({ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] })
  })

  it('is named so that the name can be a label of DNS', async () => {
    expect(await refusals({}, '9lives')).toEqual([expect.stringContaining('a DNS-1035 label must consist of')])
  })

  it.each<[string, ServiceSpec, string[]]>([
    ['no ports', { ports: [] }, ['spec.ports: Required value']],
    ['nameless ports', { ports: [{ port: 1 }, { port: 2, name: 'b' }] }, ['spec.ports[0].name: Required value']],
    [
      'a port that is none',
      { ports: [{ port: 0 }] },
      [
        'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'the same port twice',
      {
        ports: [
          { port: 1, name: 'a' },
          { port: 1, name: 'b' },
        ],
      },
      ['spec.ports[1]: Duplicate value: {"protocol":"TCP","port":1}'],
    ],
    [
      'SCTP',
      { ports: [{ port: 1, protocol: 'SCTP' }] },
      ['spec.ports[0].protocol: Forbidden: nodes balance TCP and UDP only'],
    ],
    [
      'a node port of a ClusterIP',
      { ports: [{ port: 1, nodePort: 30_000 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'a headless NodePort',
      { type: 'NodePort', clusterIP: 'None' },
      ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
    ],
    [
      'an address that is none',
      { clusterIP: 'ten' },
      ['spec.clusterIPs[0]: Invalid value: "ten": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [
      'addresses that disagree',
      { clusterIP: '10.43.0.8', clusterIPs: ['10.43.0.9'] },
      ['spec.clusterIPs: Invalid value: ["10.43.0.9"]: first value must match `clusterIP`'],
    ],
    [
      'two stacks',
      { ipFamilyPolicy: 'RequireDualStack' },
      [
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
      ],
    ],
    ['IPv6', { ipFamilies: ['IPv6'] }, ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster']],
    ['no name to stand for', { type: 'ExternalName', ports: [] }, ['spec.externalName: Required value']],
    [
      'an address for a name',
      { type: 'ExternalName', externalName: 'a.b.', clusterIP: '10.43.0.9' },
      ['spec.clusterIPs: Forbidden: may not be set for ExternalName services'],
    ],
    [
      'external addresses of this machine',
      { externalIPs: ['127.0.0.1'] },
      ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ],
    [
      'what only load balancers have',
      {
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        loadBalancerClass: 'a/b',
        allocateLoadBalancerNodePorts: false,
        healthCheckNodePort: 30_000,
        externalTrafficPolicy: 'Local',
      },
      [
        "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
      ],
    ],
    [
      'ranges that are none',
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/33', '10.0.0.0/08'] },
      [0, 1].map(
        (index) =>
          `spec.LoadBalancerSourceRanges[${index}]: Invalid value: "10.0.0.0/${['33', '08'][index]}": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
      ),
    ],
    [
      'an affinity of more than a day',
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } },
      [
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
      ],
    ],
    [
      'words that mean nothing',
      { sessionAffinity: 'Always', internalTrafficPolicy: 'Some', type: 'Odd' },
      [
        'spec.type: Unsupported value: "Odd": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
        'spec.sessionAffinity: Unsupported value: "Always": supported values: "ClientIP", "None"',
        'spec.internalTrafficPolicy: Unsupported value: "Some": supported values: "Cluster", "Local"',
      ],
    ],
  ])('is refused with %s', async (_, spec, wrong) => {
    expect(await refusals(spec)).toEqual(wrong)
  })

  it.each([
    [
      { clusterIP: 'None', externalIPs: ['192.0.2.1'], sessionAffinity: 'ClientIP', loadBalancerIP: '192.0.2.2' },
      [
        'spec.loadBalancerIP is ignored when spec.clusterIP is "None"',
        'spec.externalIPs is ignored when spec.clusterIP is "None"',
        'spec.sessionAffinity is ignored when spec.clusterIP is "None"',
      ],
    ],
    [
      { type: 'LoadBalancer', loadBalancerIP: '192.0.2.2' },
      ['spec.loadBalancerIP: a load balancer has the addresses of the nodes'],
    ],
    [{ type: 'LoadBalancer', loadBalancerClass: 'a/b', loadBalancerIP: '192.0.2.2' }, []],
    [
      { externalIPs: ['192.0.2.1', '192.0.2.3'] },
      [
        'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
        "spec.externalIPs[0]: 192.0.2.1 is reached from outside the cluster only where it is a node's own address",
        "spec.externalIPs[1]: 192.0.2.3 is reached from outside the cluster only where it is a node's own address",
      ],
    ],
  ])('says what %o asks for in vain', async (spec, expected) => {
    const warnings: string[] = []
    const warn = (message: string) => warnings.push(message)
    await test.registry.create(SERVICES, aService('web', spec), { namespace: 'default', warn })
    expect(warnings).toEqual(expected)
  })
})

describe('a Service that changes', () => {
  it('stays headless, or not', async () => {
    await test.create(SERVICES, aService('web', { clusterIP: 'None' }))
    expect(await changeRefusals({ clusterIP: '10.43.0.9' })).toEqual([
      'spec.clusterIPs[0]: Invalid value: ["10.43.0.9"]: may not change once set',
    ])
  })

  it('loses what its new type has no use for', async () => {
    await test.create(
      SERVICES,
      aService('web', { type: 'LoadBalancer', loadBalancerClass: 'a/b', clusterIP: '10.43.0.9' }),
    )
    const inside = await change({ type: 'ClusterIP' })
    expect(Object.keys(inside).sort()).toEqual(
      [
        'clusterIP',
        'clusterIPs',
        'internalTrafficPolicy',
        'ipFamilies',
        'ipFamilyPolicy',
        'ports',
        'selector',
        'sessionAffinity',
        'type',
      ].sort(),
    )
    const name = await change({ type: 'ExternalName', externalName: 'example.com' })
    expect(name).toMatchObject({ type: 'ExternalName', externalName: 'example.com' })
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
      expect(name[field]).toBeUndefined()
    }
  })

  it('is refused where its new type has no use for what is set anew', async () => {
    await test.create(SERVICES, aService('web', { type: 'LoadBalancer' }))
    expect(await changeRefusals({ type: 'ClusterIP', externalTrafficPolicy: 'Local' })).toEqual([
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ])
  })

  it('keeps its class', async () => {
    await test.create(SERVICES, aService('web', { type: 'LoadBalancer', loadBalancerClass: 'a/b' }))
    expect(await changeRefusals({ loadBalancerClass: 'a/c' })).toEqual([
      'spec.loadBalancerClass: Invalid value: "a/c": may not change once set',
    ])
  })

  it('has a load balancer only while it is of that type', async () => {
    const writeStatus = (type: string) =>
      test.registry
        .update(
          SERVICES,
          named,
          (current) =>
            ({ ...current, status: { loadBalancer: { ingress: [{ ip: '192.0.2.7', ipMode: 'VIP' }] } } }) as Service,
          { area: 'status' },
        )
        .then(({ object }) => (object as Service).status, causesOf)
        .then((outcome) => [type, outcome])
    await test.create(SERVICES, aService('web', { type: 'LoadBalancer' }))
    expect(await writeStatus('balanced')).toMatchObject([
      'balanced',
      { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } },
    ])
    await change({ type: 'NodePort' })
    expect((await test.get(SERVICES, 'web')).status).toEqual({ loadBalancer: {} })
    expect(await writeStatus('node port')).toEqual([
      'node port',
      ['status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is "LoadBalancer"'],
    ])
  })
})
