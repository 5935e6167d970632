import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { proportionalSizes } from '../../../../../controlplane/controllers/deployment/proportional-scaling.ts'
import type { ReplicaSet } from '../../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../../shared/api/object.ts'
import { webDeployment } from './deployment-cluster.ts'

/** A ReplicaSet of `size`, sized when its Deployment could have `max` Pods; the later in the alphabet, the newer. */
function replicaSet(name: string, size: number, max: number): Persisted<ReplicaSet> {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: `2030-01-01T00:00:${name.charCodeAt(0) - 65}Z`,
      annotations: { 'deployment.kubernetes.io/max-replicas': String(max) },
    },
    spec: { replicas: size, selector: {} },
  }
}

function scaled(sizes: Record<string, number>, from: number, to: number, maxSurge = 0): Record<string, number> {
  const deployment = webDeployment({ replicas: to, strategy: { rollingUpdate: { maxSurge, maxUnavailable: 1 } } })
  const sets = Object.entries(sizes).map(([name, size]) => replicaSet(name, size, from + maxSurge))
  return Object.fromEntries(
    proportionalSizes(deployment, sets).map((one) => [one.replicaSet.metadata.name, one.replicas]),
  )
}

describe('proportional scaling', () => {
  it('gives each ReplicaSet its share', () => {
    expect(scaled({ A: 8, B: 5 }, 10, 15, 3)).toEqual({ A: 11, B: 7 })
    expect(scaled({ A: 6, B: 2 }, 8, 4)).toEqual({ A: 3, B: 1 })
  })

  it('gives the largest what rounding leaves over', () => {
    expect(scaled({ A: 3, B: 1, C: 1 }, 5, 6)).toEqual({ A: 4, B: 1, C: 1 })
    expect(scaled({ A: 4, B: 4, C: 4, D: 4 }, 16, 18)).toEqual({ A: 4, B: 4, C: 5, D: 5 })
  })

  it('prefers the newest of equals to grow, and the oldest to shrink', () => {
    expect(scaled({ A: 1, B: 1 }, 2, 3)).toEqual({ A: 1, B: 2 })
    expect(scaled({ A: 2, B: 2 }, 4, 3)).toEqual({ A: 1, B: 2 })
  })

  it('takes all where nothing is wanted', () => {
    expect(scaled({ A: 3, B: 2 }, 5, 0, 2)).toEqual({ A: 0, B: 0 })
  })

  it('always adds up, and never moves against the direction', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 10 }), (list, to, maxSurge) => {
        const before = Object.fromEntries(list.map((size, i) => [String.fromCharCode(65 + i), size]))
        const total = list.reduce((sum, size) => sum + size, 0)
        const after = scaled(before, total - maxSurge, to, maxSurge)
        const wanted = to === 0 ? 0 : to + maxSurge
        expect(Object.values(after).reduce((sum, size) => sum + size, 0)).toBe(wanted)
        for (const [name, size] of Object.entries(after)) {
          expect(size).toBeGreaterThanOrEqual(0)
          if (wanted >= total) expect(size).toBeGreaterThanOrEqual(before[name] ?? 0)
          else expect(size).toBeLessThanOrEqual(before[name] ?? 0)
        }
      }),
    )
  })
})
