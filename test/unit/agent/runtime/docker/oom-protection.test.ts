import { describe, expect, it } from 'vitest'
import { OomProtection } from '../../../../../agent/runtime/docker/oom-protection.ts'
import { RuntimeFailure } from '../../../../../agent/runtime/runtime.ts'

/** A container that cannot be protected, nor run at all where `otherwise` says why. Notes the scores that it was tried with. */
function container(scores: number[], otherwise?: RuntimeFailure) {
  return async (oomScoreAdj: number) => {
    scores.push(oomScoreAdj)
    if (otherwise) throw otherwise
    if (oomScoreAdj < 0) throw new RuntimeFailure('failed', 'write oom_score_adj: permission denied')
    return oomScoreAdj
  }
}

describe('OomProtection', () => {
  it('is tried out by the first container, whatever it is for', async () => {
    const oom = new OomProtection()
    const [gateway, sandbox]: [number[], number[]] = [[], []]
    expect(await oom.run(container(gateway))).toBe(0)
    await oom.run(container(sandbox))
    expect([gateway, sandbox]).toEqual([[-998, 0], [0]])
  })

  it.each([
    { code: 'conflict', tried: [-998] },
    { code: 'notFound', tried: [-998] },
    { code: 'failed', tried: [-998, 0] },
  ] as const)('learns nothing from a container that cannot run at all ($code)', async ({ code, tried }) => {
    const oom = new OomProtection()
    const [broken, next]: [number[], number[]] = [[], []]
    await expect(oom.run(container(broken, new RuntimeFailure(code, 'no')))).rejects.toThrow('no')
    await oom.run(container(next))
    expect([broken, next]).toEqual([tried, [-998, 0]])
  })
})
