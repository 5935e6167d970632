import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { createRegistry } from '../../../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../../../controlplane/registry/namespaces.ts'
import type { Registry } from '../../../../controlplane/registry/registry.ts'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { isApiError } from '../../../../shared/api/api-error.ts'
import type { ServiceSpec } from '../../../../shared/api/generated/core-v1.ts'
import { SERVICES, type Service } from '../../../../shared/api/kinds.ts'
import { Ipv4Range } from '../../../../shared/ipv4-range.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { aService } from '../../../support/service-objects.ts'
import { type TestRegistry, testRegistry } from '../../../support/test-registry.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const at = (name: string) => ({ namespace: 'default', name })

const changed = (registry: Registry, name: string, spec: ServiceSpec) =>
  registry
    .update(SERVICES, at(name), (current) => withSpec(current as Service, spec), {})
    .then(({ object }) => (object as Service).spec)

const withSpec = (service: Service, spec: ServiceSpec): Service => ({ ...service, spec: { ...service.spec, ...spec } })

describe('the address of a Service', () => {
  let test: TestRegistry
  const refusal = (spec: ServiceSpec) => test.refusals(SERVICES, aService('other', spec))

  beforeEach(async () => {
    test = await testRegistry()
  })

  it('is one of the upper band, unless a certain one is asked for', async () => {
    const any = await test.create(SERVICES, aService('any'))
    const [, , third, fourth] = (any.spec.clusterIP ?? '').split('.').map(Number)
    expect(any.spec.clusterIP).toMatch(/^10\.43\./)
    expect((third ?? 0) * 256 + (fourth ?? 0)).toBeGreaterThan(256)
    expect(any.spec.clusterIPs).toEqual([any.spec.clusterIP])
    const certain = await test.create(SERVICES, aService('certain', { clusterIP: '10.43.0.10' }))
    expect(certain.spec.clusterIPs).toEqual(['10.43.0.10'])
  })

  it('is refused where another has it, and given again when that one is gone', async () => {
    await test.create(SERVICES, aService('web', { clusterIP: '10.43.0.10' }))
    expect(await refusal({ clusterIP: '10.43.0.10' })).toEqual([
      'spec.clusterIPs: Invalid value: ["10.43.0.10"]: failed to allocate IP 10.43.0.10: provided IP is already allocated',
    ])
    await test.registry.delete(SERVICES, at('web'), {})
    expect(await refusal({ clusterIP: '10.43.0.10' })).toEqual([])
  })

  it('is not what a second Service of the same name fails by', async () => {
    await test.create(SERVICES, aService('web', { clusterIP: '10.43.0.10' }))
    await expect(test.create(SERVICES, aService('web', { clusterIP: '10.43.0.10' }))).rejects.toMatchObject({
      reason: 'AlreadyExists',
    })
  })

  it.each(['10.44.0.1', '10.43.0.0', '10.43.255.255'])('is not %s', async (clusterIP) => {
    expect(await refusal({ clusterIP })).toEqual([
      `spec.clusterIPs: Invalid value: ["${clusterIP}"]: failed to allocate IP ${clusterIP}: the provided IP (${clusterIP}) is not in the valid range. The range of valid IPs is 10.43.0.0/16`,
    ])
  })

  it('is none where the Service is headless or a name, and comes and goes with the type', async () => {
    const headless = await test.create(SERVICES, aService('headless', { clusterIP: 'None' }))
    expect(headless.spec.clusterIPs).toEqual(['None'])
    const name: ServiceSpec = { type: 'ExternalName', externalName: 'example.com' }
    const { spec } = await test.create(SERVICES, aService('name', name))
    expect(spec.clusterIP).toBeUndefined()
    const address = (await changed(test.registry, 'name', { type: 'ClusterIP' })).clusterIP
    expect(address).toMatch(/^10\.43\./)
    expect((await changed(test.registry, 'name', name)).clusterIP).toBeUndefined()
    expect(await refusal({ clusterIP: address as string })).toEqual([])
  })

  it('stays while everything else changes, though nobody repeats it', async () => {
    const { spec } = await test.create(SERVICES, aService('web'))
    const replaced = await test.registry.update(
      SERVICES,
      at('web'),
      () => aService('web', { ports: [{ port: 81 }] }),
      {},
    )
    expect((replaced.object as Service).spec.clusterIP).toBe(spec.clusterIP)
  })

  it('is shown by a dry run and not taken', async () => {
    const dryRun = { namespace: 'default', dryRun: true }
    const { object } = await test.registry.create(SERVICES, aService('web', { clusterIP: '10.43.0.10' }), dryRun)
    expect((object as Service).spec.clusterIP).toBe('10.43.0.10')
    expect(await refusal({ clusterIP: '10.43.0.10' })).toEqual([])
  })
})

describe('the node ports of a Service', () => {
  let test: TestRegistry
  const NODE_PORT: ServiceSpec = { type: 'NodePort' }
  const refusal = (spec: ServiceSpec) => test.refusals(SERVICES, aService('other', spec))
  const portsOf = (spec: ServiceSpec) => spec.ports?.map(({ nodePort }) => nodePort)

  beforeEach(async () => {
    test = await testRegistry()
  })

  it('are of the upper band, unless certain ones are asked for', async () => {
    const ports = [
      { port: 80, nodePort: 30_007, name: 'a' },
      { port: 81, name: 'b' },
    ]
    const { spec } = await test.create(SERVICES, aService('web', { type: 'NodePort', ports }))
    expect(spec.ports?.[0]?.nodePort).toBe(30_007)
    expect(spec.ports?.[1]?.nodePort).toBeGreaterThanOrEqual(30_086)
  })

  it('are refused where another has them, or outside the range', async () => {
    await test.create(SERVICES, aService('web', { type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30_007 }] }))
    expect(await refusal({ type: 'NodePort', ports: [{ port: 1, nodePort: 30_007, protocol: 'UDP' }] })).toEqual([
      'spec.ports[0].nodePort: Invalid value: 30007: provided port is already allocated',
    ])
    expect(await refusal({ type: 'NodePort', ports: [{ port: 1, nodePort: 80 }] })).toEqual([
      'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    ])
  })

  it('are one number for a TCP and a UDP port that are the same', async () => {
    const ports = [
      { name: 'tcp', port: 53, protocol: 'TCP' },
      { name: 'udp', port: 53, protocol: 'UDP' },
    ]
    const { spec } = await test.create(SERVICES, aService('dns', { type: 'NodePort', ports }))
    const [tcp, udp] = portsOf(spec) ?? []
    expect(tcp).toBe(udp)
  })

  it('are given to a load balancer unless it wants none', async () => {
    const balanced = await test.create(SERVICES, aService('a', { type: 'LoadBalancer' }))
    expect(portsOf(balanced.spec)).toEqual([expect.any(Number)])
    const without: ServiceSpec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }
    expect(portsOf((await test.create(SERVICES, aService('b', without))).spec)).toEqual([undefined])
  })

  it('stay though nobody repeats them, come with a port and go with the type', async () => {
    const { spec } = await test.create(SERVICES, aService('web', NODE_PORT))
    const ports = [{ port: 80 }, { port: 81, name: 'more' }]
    const named = [{ ...ports[0], name: 'first' }, ports[1]] as ServiceSpec['ports']
    const kept = await changed(test.registry, 'web', { ports: [{ port: 8080 }] })
    expect(portsOf(kept)).toEqual(portsOf(spec))
    const grown = await changed(test.registry, 'web', { ports: named as NonNullable<typeof named> })
    expect(new Set(portsOf(grown)).size).toBe(2)
    const inside = await changed(test.registry, 'web', { type: 'ClusterIP' })
    expect(portsOf(inside)).toEqual([undefined, undefined])
    const [first] = portsOf(grown) ?? []
    expect(await refusal({ type: 'NodePort', ports: [{ port: 1, nodePort: first as number }] })).toEqual([])
  })

  it("are the Service's own when it exchanges them", async () => {
    const ports = [
      { name: 'a', port: 1, nodePort: 30_001 },
      { name: 'b', port: 2, nodePort: 30_002 },
    ]
    await test.create(SERVICES, aService('web', { type: 'NodePort', ports }))
    const [a, b] = ports as [(typeof ports)[0], (typeof ports)[0]]
    const exchanged = [
      { ...a, nodePort: b.nodePort },
      { ...b, nodePort: a.nodePort },
    ]
    expect(portsOf(await changed(test.registry, 'web', { ports: exchanged }))).toEqual([30_002, 30_001])
  })
})

describe('the health check port of a Service', () => {
  const LOCAL: ServiceSpec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
  let test: TestRegistry
  const create = async (name: string, spec: ServiceSpec) => (await test.create(SERVICES, aService(name, spec))).spec
  const failure = (name: string, spec: ServiceSpec) => test.create(SERVICES, aService(name, spec)).catch(String)

  beforeEach(async () => {
    test = await testRegistry()
  })

  it('is given to a load balancer with the policy Local, and goes with that', async () => {
    const { healthCheckNodePort = 0 } = await create('web', LOCAL)
    expect(healthCheckNodePort).toBeGreaterThanOrEqual(30_000)
    expect((await create('all', { type: 'LoadBalancer' })).healthCheckNodePort).toBeUndefined()
    expect((await create('node', { ...LOCAL, type: 'NodePort' })).healthCheckNodePort).toBeUndefined()
    const kept = await changed(test.registry, 'web', { sessionAffinity: 'ClientIP' })
    expect(kept.healthCheckNodePort).toBe(healthCheckNodePort)
    const without = await changed(test.registry, 'web', { externalTrafficPolicy: 'Cluster' })
    expect(without.healthCheckNodePort).toBeUndefined()
    const certain = { ...LOCAL, healthCheckNodePort }
    expect((await changed(test.registry, 'web', certain)).healthCheckNodePort).toBe(healthCheckNodePort)
  })

  it('is one that nobody has, and stays', async () => {
    await create('web', { ...LOCAL, healthCheckNodePort: 30_100 })
    const said = (port: number, why: string) =>
      `failed to allocate requested HealthCheck NodePort ${port}: provided port ${why}`
    const taken = 'is already allocated'
    expect(await failure('b', { ...LOCAL, healthCheckNodePort: 30_100 })).toContain(said(30_100, taken))
    const outside = 'is not in the valid range. The range of valid ports is 30000-32767'
    expect(await failure('b', { ...LOCAL, healthCheckNodePort: 80 })).toContain(said(80, outside))
    const ports = [{ port: 80, nodePort: 30_100 }]
    const refusal = 'spec.ports[0].nodePort: Invalid value: 30100: provided port is already allocated'
    expect(await test.refusals(SERVICES, aService('b', { type: 'NodePort', ports }))).toEqual([refusal])
    await expect(changed(test.registry, 'web', { ports })).rejects.toThrow('provided port is already allocated')
    await expect(changed(test.registry, 'web', { healthCheckNodePort: 30_101 })).rejects.toThrow(
      'spec.healthCheckNodePort: Forbidden: field is immutable',
    )
    const own = { ...LOCAL, ports: [{ port: 80, nodePort: 30_200 }], healthCheckNodePort: 30_200 }
    expect(await failure('b', own)).toContain(said(30_200, taken))
  })
})

/** Room for six addresses and four node ports, so that both run out. */
function smallRegistry(store: MemoryStore, seed: number): Registry {
  const serviceNetwork = { addresses: Ipv4Range.parse('10.9.0.0/29'), nodePorts: { first: 30_000, last: 30_003 } }
  return createRegistry({ store, clock: new VirtualClock(), random: seededRandom(seed), serviceNetwork })
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']
const action = fc.record({
  verb: fc.constantFrom('create', 'create', 'update', 'delete', 'restart'),
  name: fc.constantFrom(...NAMES),
  type: fc.constantFrom(...TYPES),
  clusterIP: fc.option(fc.constantFrom('10.9.0.1', '10.9.0.2', 'None'), { nil: undefined, freq: 3 }),
  nodePort: fc.option(fc.constantFrom(30_000, 30_001), { nil: undefined, freq: 3 }),
  policy: fc.constantFrom('Cluster', 'Cluster', 'Local'),
})
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

async function perform(registry: Registry, { verb, name, type, clusterIP, nodePort, policy }: Action): Promise<void> {
  const spec: ServiceSpec = {
    type,
    externalName: 'example.com',
    ports: [{ port: 80, ...(nodePort && type !== 'ClusterIP' ? { nodePort } : {}) }],
    ...(clusterIP ? { clusterIP } : {}),
    ...(type === 'LoadBalancer' ? { externalTrafficPolicy: policy } : {}),
  }
  try {
    if (verb === 'create') await registry.create(SERVICES, aService(name, spec), { namespace: 'default' })
    else if (verb === 'update')
      await changed(registry, name, { type, ports: spec.ports as NonNullable<ServiceSpec['ports']> })
    else await registry.delete(SERVICES, at(name), {})
  } catch (error) {
    if (!isApiError(error)) throw error
    if (error.reason === 'InternalError') expect(error.message).toMatch(/range is full$/)
  }
}

async function servicesOf(registry: Registry): Promise<Service[]> {
  return (await registry.list(SERVICES)).entries.map(({ object }) => object as Service)
}

function expectNothingTwice(services: readonly Service[]): void {
  const addresses = services.flatMap(({ spec }) =>
    spec.clusterIP && spec.clusterIP !== 'None' ? [spec.clusterIP] : [],
  )
  expect(addresses).toEqual([...new Set(addresses)])
  const served = services.filter(({ spec }) => spec.type !== 'ExternalName')
  const ports = served.flatMap(({ spec }) => [
    ...(spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []),
    ...(spec.healthCheckNodePort ? [spec.healthCheckNodePort] : []),
  ])
  expect(ports).toEqual([...new Set(ports)])
}

/** Whoever is to have an address has one, so none is lost on the way. */
async function expectAllGiven(registry: Registry): Promise<void> {
  for (const name of NAMES) await registry.delete(SERVICES, at(name), {}).catch(() => {})
  for (const name of NAMES.slice(0, 6)) {
    await registry.create(SERVICES, aService(name), { namespace: 'default' })
  }
  const addresses = (await servicesOf(registry)).map(({ spec }) => spec.clusterIP)
  expect(addresses.sort()).toEqual([1, 2, 3, 4, 5, 6].map((last) => `10.9.0.${last}`))
}

describe('addresses and node ports', () => {
  it('are never had twice and never lost, whatever is done at the same time', { timeout: 60_000 }, async () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(action, { maxLength: 8 }), { maxLength: 5 }),
      async (rounds) => {
        const store = new MemoryStore()
        let registry = smallRegistry(store, 1)
        await bootstrapNamespaces(registry)
        for (const [index, round] of rounds.entries()) {
          await Promise.all(round.map((one) => perform(registry, one)))
          expectNothingTwice(await servicesOf(registry))
          if (round.some(({ verb }) => verb === 'restart')) registry = smallRegistry(store, index)
        }
        await expectAllGiven(registry)
      },
    )
    await fc.assert(property, { numRuns: 60 })
  })
})
