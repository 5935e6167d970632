import { describe, expect, it } from 'vitest'
import type { Container } from '../../../shared/api/generated/core-v1.ts'
import { podRequests, podRequestsForScoring } from '../../../shared/pod-requests.ts'
import { aPod, type PodShape } from '../../support/scheduling-objects.ts'

const container = (requests: Record<string, string>, more: Partial<Container> = {}): Container => ({
  name: 'c',
  image: 'web:1',
  resources: { requests },
  ...more,
})
const sidecar = (requests: Record<string, string>) => container(requests, { restartPolicy: 'Always' })

describe('what a Pod requests', () => {
  const cases: [string, PodShape, { cpu: number; memory: number }][] = [
    ['nothing', {}, { cpu: 0, memory: 0 }],
    [
      'the sum of its containers',
      { containers: [container({ cpu: '100m', memory: '1Ki' }), container({ cpu: '1', memory: '2Ki' })] },
      { cpu: 1100, memory: 3072 },
    ],
    [
      'the largest init container, where that is more',
      {
        initContainers: [container({ cpu: '2', memory: '1k' }), container({ cpu: '1', memory: '3k' })],
        containers: [container({ cpu: '500m', memory: '2k' })],
      },
      { cpu: 2000, memory: 3000 },
    ],
    [
      'sidecars beside the containers',
      { initContainers: [sidecar({ cpu: '1' })], containers: [container({ cpu: '2' })] },
      { cpu: 3000, memory: 0 },
    ],
    [
      'an init container beside the sidecars that started before it, not those after it',
      {
        initContainers: [sidecar({ cpu: '1' }), container({ cpu: '4' }), sidecar({ cpu: '1' })],
        containers: [container({ cpu: '1' })],
      },
      { cpu: 5000, memory: 0 },
    ],
    [
      'its overhead too',
      { overhead: { cpu: '250m', memory: '1k' }, requests: { cpu: '1' } },
      { cpu: 1250, memory: 1000 },
    ],
    [
      'what it requests as a whole, in place of the sum',
      { resources: { requests: { cpu: '3' } }, requests: { cpu: '1', memory: '1k' } },
      { cpu: 3000, memory: 1000 },
    ],
  ]
  it.each(cases)('%s', (_, shape, { cpu, memory }) => {
    expect(podRequests(aPod('a', shape))).toMatchObject({ cpuMilli: cpu, memoryBytes: memory })
  })

  it('counts extended resources and storage', () => {
    const requests = podRequests(aPod('a', { requests: { 'example.com/gpu': '2', 'ephemeral-storage': '1Gi' } }))
    expect(requests.ephemeralStorageBytes).toBe(2 ** 30)
    expect([...requests.scalar]).toEqual([['example.com/gpu', 2]])
  })

  it('assumes a little of each container that requests none, in scores only', () => {
    const pod = aPod('a', { containers: [container({ cpu: '1' }), container({ cpu: '0', memory: '1' })] })
    expect(podRequestsForScoring(pod)).toMatchObject({ cpuMilli: 1000, memoryBytes: 200 * 2 ** 20 + 1 })
    expect(podRequests(pod)).toMatchObject({ cpuMilli: 1000, memoryBytes: 1 })
  })
})

describe('a Pod that is being resized', () => {
  const resized = (wanted: string, given: string, has: string, infeasible = false) =>
    podRequests({
      ...aPod('a', { containers: [container({ cpu: wanted })] }),
      status: {
        containerStatuses: [
          {
            ...{ name: 'c', image: '', imageID: '', ready: true, restartCount: 0 },
            allocatedResources: { cpu: given },
            resources: { requests: { cpu: has } },
          },
        ],
        conditions: infeasible ? [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] : [],
      },
    }).cpuMilli

  it('counts with the most of what it asks for, was given and has', () => {
    expect(resized('3', '1', '1')).toBe(3000)
    expect(resized('1', '3', '2')).toBe(3000)
    expect(resized('1', '1', '2')).toBe(2000)
  })

  it('does not count with what its node will never give it', () => {
    expect(resized('9', '1', '1', true)).toBe(1000)
  })
})
