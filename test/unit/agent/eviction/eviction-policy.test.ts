import { describe, expect, it } from 'vitest'
import { allThresholds } from '../../../../agent/eviction/eviction-policy.ts'
import { parseEvictionThresholds } from '../../../../agent/eviction/eviction-threshold.ts'

describe('allThresholds', () => {
  const [hard, soft] = ['memory.available<100Mi', 'memory.available<1Gi'].map(parseEvictionThresholds) as [[], []]

  it('gives soft ones their grace period, and all what is to be reclaimed', () => {
    const softGraceMs = new Map([['memory.available', 90_000] as const])
    const minimumReclaim = new Map([['memory.available', { units: 5 }] as const])
    expect(allThresholds({ hard, soft, softGraceMs, minimumReclaim })).toEqual([
      { signal: 'memory.available', value: { units: 100 * 2 ** 20 }, minimumReclaim: { units: 5 } },
      { signal: 'memory.available', value: { units: 2 ** 30 }, graceMs: 90_000, minimumReclaim: { units: 5 } },
    ])
  })

  it('refuses a soft one without', () => {
    expect(() => allThresholds({ hard, soft, softGraceMs: new Map(), minimumReclaim: new Map() })).toThrow(
      'grace period must be specified for the soft eviction threshold memory.available',
    )
  })
})
