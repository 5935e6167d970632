import { describe, expect, it } from 'vitest'
import { NodeIpam } from '../../../../../controlplane/controllers/node-ipam/node-ipam.ts'
import { EVENTS, NODES } from '../../../../../shared/api/kinds.ts'
import { Ipv4Range } from '../../../../../shared/ipv4-range.ts'
import { startTestControlPlane, type TestControlPlane } from '../../../../support/test-control-plane.ts'

/** Room for four nodes. */
const podRange = Ipv4Range.parse('10.42.0.0/22')

async function startIpam(before?: TestControlPlane): Promise<TestControlPlane> {
  const plane = await startTestControlPlane(before ? { clock: before.clock, registry: before.registry } : {})
  plane.run(new NodeIpam(plane, { podRange }))
  return plane
}

const register = (plane: TestControlPlane, ...names: string[]) =>
  Promise.all(names.map((name) => plane.client.create(NODES, { metadata: { name }, spec: {} })))

async function rangesOf(plane: TestControlPlane): Promise<Record<string, string[] | undefined>> {
  await plane.clock.advance(100)
  const { items } = await plane.client.list(NODES)
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.podCIDRs]))
}

describe('the ranges of nodes', () => {
  it('are each another, of those that no node has', async () => {
    const plane = await startIpam()
    const podCIDR = '10.42.1.0/25'
    await plane.client.create(NODES, { metadata: { name: 'by-hand' }, spec: { podCIDR } })
    await register(plane, 'a', 'b', 'c')
    const ranges = await rangesOf(plane)
    expect(Object.values(ranges).sort()).toEqual([
      ['10.42.0.0/24'],
      ['10.42.1.0/25'],
      ['10.42.2.0/24'],
      ['10.42.3.0/24'],
    ])
    const { spec } = await plane.client.get(NODES, { name: 'a' })
    expect([spec.podCIDR]).toEqual(spec.podCIDRs)
  })

  it('are kept over a restart, and given again when their node is deleted, but as late as can be', async () => {
    const first = await startIpam()
    await register(first, 'a', 'b')
    const before = await rangesOf(first)
    await first.stop()
    const second = await startIpam(first)
    await register(second, 'c')
    expect(await rangesOf(second)).toEqual({ ...before, c: ['10.42.2.0/24'] })
    await second.client.delete(NODES, { name: 'a' })
    await register(second, 'd')
    expect((await rangesOf(second)).d).toEqual(['10.42.3.0/24'])
    await register(second, 'e')
    expect((await rangesOf(second)).e).toEqual(before.a)
  })

  it('run out, which is told, until one is free again', async () => {
    const plane = await startIpam()
    await register(plane, 'a', 'b', 'c', 'd')
    await rangesOf(plane)
    await register(plane, 'late')
    expect((await rangesOf(plane)).late).toBeUndefined()
    const { items } = await plane.client.list(EVENTS)
    expect(
      items.map(({ involvedObject, type, reason, message }) => [involvedObject.name, type, reason, message]),
    ).toEqual([['late', 'Normal', 'CIDRNotAvailable', 'Node late status is now: CIDRNotAvailable']])
    await plane.client.delete(NODES, { name: 'b' })
    expect((await rangesOf(plane)).late).toEqual(['10.42.1.0/24'])
  })
})
