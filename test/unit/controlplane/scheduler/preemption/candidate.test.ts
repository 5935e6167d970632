import { describe, expect, it } from 'vitest'
import { NodeInfo } from '../../../../../controlplane/scheduler/node-info.ts'
import { bestCandidate } from '../../../../../controlplane/scheduler/preemption/candidate.ts'
import { infoOf, type PodShape } from '../../../../support/scheduling-objects.ts'

const candidate = (name: string, victims: PodShape[]) => ({
  node: new NodeInfo(name),
  victims: victims.map((shape, i) => infoOf(`${name}-${i}`, shape)),
})
const priorities = (...numbers: number[]): PodShape[] => numbers.map((priority) => ({ priority }))
const at = (hour: number, priority = 1): PodShape => ({ priority, startTime: `2030-01-01T0${hour}:00:00Z` })

describe('of several candidates', () => {
  it.each<[string, PodShape[], PodShape[]]>([
    ['whose highest victim is lower', priorities(4, 4, 4), priorities(5)],
    ['whose victims sum up to less', priorities(4, 1), priorities(4, 2)],
    ['whose victims are fewer, though they are negative', priorities(-1), priorities(-1, -1)],
    ['whose highest victims have run for less', [at(3), at(0, 0)], [at(2), at(1, 0)]],
    ['whose longest running victim has run for less', [at(4), at(3)], [at(5), at(2)]],
    ['whose victim has not started', priorities(1), [at(9)]],
  ])('the one wins %s', (_, better, worse) => {
    const [a, b] = [candidate('a', better), candidate('b', worse)]
    expect(bestCandidate([a, b])).toBe(a)
    expect(bestCandidate([b, a])).toBe(a)
  })

  it('the first of equals wins', () => {
    const [a, b] = [candidate('a', [at(1)]), candidate('b', [at(1)])]
    expect(bestCandidate([b, a])).toBe(b)
    expect(bestCandidate([])).toBeUndefined()
  })
})
