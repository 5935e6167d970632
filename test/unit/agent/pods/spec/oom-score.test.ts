import { describe, expect, it } from 'vitest'
import { oomScoreAdj } from '../../../../../agent/pods/spec/oom-score.ts'
import type { Container, PodSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

const GIB = 2 ** 30

function scoreOf(container: Partial<Container>, more: Partial<PodSpec> = {}): number {
  const full = podContainer('web', container)
  return oomScoreAdj(assignedPod('a', { containers: [full], ...more }), full, 4 * GIB)
}

const requests = (memory: string) => ({ resources: { requests: { memory } } })

describe('oomScoreAdj', () => {
  it('ends Pods that asked for nothing first, and those with all they may use last', () => {
    expect(scoreOf({})).toBe(1000)
    const limits = { cpu: '1', memory: '1Gi' }
    expect(scoreOf({ resources: { limits, requests: limits } })).toBe(-997)
    expect(scoreOf({}, { priorityClassName: 'system-node-critical' })).toBe(-997)
  })

  it('spares the others the more, the more of the memory they asked for', () => {
    expect(scoreOf(requests('1Gi'))).toBe(750)
    expect(scoreOf(requests('1'))).toBe(999)
    expect(scoreOf({ resources: { requests: { cpu: '1' } } })).toBe(999)
    expect(scoreOf(requests('4Gi'))).toBe(3)
  })

  it('ends a sidecar no sooner than what it serves', () => {
    const sidecar = podContainer('web', { ...requests('1Mi'), restartPolicy: 'Always' })
    const pod = assignedPod('a', { initContainers: [sidecar], containers: [podContainer('main', requests('2Gi'))] })
    expect(oomScoreAdj(pod, sidecar, 4 * GIB)).toBe(500)
  })
})
