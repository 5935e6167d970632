import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DesiredSlices, EndpointGroup } from '../../../../../controlplane/controllers/slices/desired-slices.ts'
import { planSlices } from '../../../../../controlplane/controllers/slices/slice-plan.ts'
import type { Endpoint } from '../../../../../shared/api/generated/discovery-v1.ts'
import type { EndpointSlice } from '../../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../../shared/api/object.ts'

const OWNER = { apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'u1' }
const LABELS = { 'kubernetes.io/service-name': 'web' }

const endpoint = (name: string, ready = true): Endpoint => ({
  addresses: [`10.42.0.${name}`],
  conditions: { ready },
  targetRef: { kind: 'Pod', namespace: 'default', name },
})

const group = (port: number, endpoints: Endpoint[]): EndpointGroup => ({
  addressType: 'IPv4',
  ports: [{ name: '', protocol: 'TCP', port }],
  endpoints,
})

/** Slices as an API would keep them, and how many writes it took. */
class Slices {
  all: Persisted<EndpointSlice>[] = []
  #count = 0

  /** Resolves to the number of writes. */
  reach(groups: EndpointGroup[], more: Partial<DesiredSlices> = {}): number {
    const desired = { namespace: 'default', name: 'web', owner: OWNER, labels: LABELS, groups, capacity: 3, ...more }
    const { create, update, remove } = planSlices(desired, this.all)
    const gone = new Set([...remove, ...update].map(({ metadata }) => metadata.name))
    const updated = new Map(update.map((slice) => [slice.metadata.name, slice]))
    const before = this.all.map((slice) => updated.get(slice.metadata.name) ?? slice)
    this.all = [
      ...before.filter(({ metadata }) => !gone.has(metadata.name) || updated.has(metadata.name)),
      ...create.map((slice) => ({
        ...slice,
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          ...slice.metadata,
          name: `web-${++this.#count}`,
          uid: '',
          resourceVersion: '',
          creationTimestamp: '',
        },
      })),
    ]
    return create.length + update.length + remove.length
  }

  get shape(): string[] {
    return this.all.map(({ ports = [], endpoints = [] }) => {
      const names = endpoints.map(({ targetRef }) => targetRef?.name)
      return `${ports.map(({ port }) => port)}: ${names.join(' ')}`.trim()
    })
  }
}

const named = (...names: string[]) => names.map((name) => endpoint(name))

describe('planSlices', () => {
  it('fills slices in order, and leaves each endpoint where it is', () => {
    const slices = new Slices()
    expect(slices.reach([group(80, named('1', '2', '3', '4', '5', '6', '7'))])).toBe(3)
    expect(slices.shape).toEqual(['80: 1 2 3', '80: 4 5 6', '80: 7'])
    expect(slices.reach([group(80, named('1', '3', '4', '5', '6', '7'))])).toBe(1)
    expect(slices.shape).toEqual(['80: 1 3', '80: 4 5 6', '80: 7'])
    // The fullest slice that has room: the least room is lost.
    expect(slices.reach([group(80, named('8', '7', '6', '5', '4', '3', '1'))])).toBe(1)
    expect(slices.shape).toEqual(['80: 1 3 8', '80: 4 5 6', '80: 7'])
  })

  it('puts what is new where something changes anyway', () => {
    const slices = new Slices()
    slices.reach([group(80, named('1', '2', '3', '4', '5'))])
    expect(slices.reach([group(80, named('1', '3', '4', '5', '6'))])).toBe(1)
    expect(slices.shape).toEqual(['80: 1 3 6', '80: 4 5'])
  })

  it('rewrites a slice of ports that are no more, and deletes what is left over', () => {
    const slices = new Slices()
    slices.reach([group(80, named('1', '2', '3', '4'))])
    expect(slices.reach([group(81, named('1', '2'))])).toBe(2)
    expect(slices.shape).toEqual(['81: 1 2'])
    expect(slices.all.map(({ metadata }) => metadata.name)).toEqual(['web-1'])
  })

  it('keeps one empty slice where a group has no endpoints, and none where there is no group', () => {
    const slices = new Slices()
    const none: EndpointGroup = { addressType: 'IPv4', ports: [], endpoints: [] }
    expect(slices.reach([none])).toBe(1)
    expect(slices.reach([none])).toBe(0)
    slices.reach([group(80, named('1', '2', '3', '4'))])
    expect(slices.reach([none])).toBe(2)
    expect(slices.shape).toEqual([':'])
    expect(slices.reach([])).toBe(1)
    expect(slices.all).toEqual([])
  })

  it('writes a slice anew where labels, annotations or conditions differ, and only then', () => {
    const slices = new Slices()
    const groups = [group(80, named('1', '2'))]
    slices.reach(groups)
    expect(slices.reach(groups)).toBe(0)
    expect(slices.reach(groups, { labels: { ...LABELS, a: 'b' } })).toBe(1)
    expect(slices.reach(groups, { labels: { ...LABELS, a: 'b' }, annotations: { c: 'd' } })).toBe(1)
    expect(slices.reach(groups, { labels: { ...LABELS, a: 'b' } })).toBe(0) // annotations of others are theirs
    expect(slices.reach([group(80, [endpoint('1'), endpoint('2', false)])])).toBe(1)
  })

  it('deletes slices of a former owner, and does not fill them', () => {
    const slices = new Slices()
    slices.reach([group(80, named('1'))])
    expect(slices.reach([group(80, named('1'))], { owner: { ...OWNER, uid: 'u2' } })).toBe(2)
    expect(slices.all.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).toEqual(['u2'])
  })

  it('comes to what is desired from wherever, with few writes', () => {
    const pods = fc.uniqueArray(
      fc.record({ name: fc.nat(20).map(String), port: fc.constantFrom(80, 81), ready: fc.boolean() }),
      {
        selector: ({ name }) => name,
      },
    )
    fc.assert(
      fc.property(fc.array(pods, { minLength: 1, maxLength: 12 }), (history) => {
        const slices = new Slices()
        let before = new Map<string, string>()
        for (const present of history) {
          const groups = [80, 81].map((port) =>
            group(
              port,
              present.filter((pod) => pod.port === port).map(({ name, ready }) => endpoint(name, ready)),
            ),
          )
          const writes = slices.reach(groups.filter(({ endpoints }) => endpoints.length > 0))
          const held = slices.all.flatMap(({ ports, endpoints = [] }) =>
            endpoints.map(({ targetRef, conditions }) => `${targetRef?.name} ${ports?.[0]?.port} ${conditions?.ready}`),
          )
          const now = new Map(present.map(({ name, port, ready }) => [name, `${name} ${port} ${ready}`]))
          expect(held.sort()).toEqual([...now.values()].sort())
          expect(slices.all.every(({ endpoints = [] }) => endpoints.length > 0 && endpoints.length <= 3)).toBe(true)
          const names = [...new Set([...before.keys(), ...now.keys()])]
          const changes = names.filter((name) => before.get(name) !== now.get(name)).length
          // One that moves from one set of ports to another touches a slice of each.
          expect(writes).toBeLessThanOrEqual(2 * changes)
          before = now
        }
      }),
    )
  })
})
