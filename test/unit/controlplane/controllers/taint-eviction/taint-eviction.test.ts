import { describe, expect, it } from 'vitest'
import { TaintEviction } from '../../../../../controlplane/controllers/taint-eviction/taint-eviction.ts'
import type { Taint, Toleration } from '../../../../../shared/api/generated/core-v1.ts'
import { NODES, PODS } from '../../../../../shared/api/kinds.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'

async function setUp() {
  const plane = await startTestControlPlane()
  const { client, clock } = plane
  plane.run(new TaintEviction(plane))
  await client.create(NODES, { metadata: { name: 'n1' }, spec: {} })
  await clock.advance(0)
  const taint = (...taints: Taint[]) =>
    client.modify(NODES, { name: 'n1' }, (draft) => {
      draft.spec.taints = taints
    })
  const run = async (name: string, ...tolerations: Toleration[]) => {
    const spec = { containers: [{ name: 'main', image: 'i' }], tolerations }
    const pod = await client.create(PODS, { metadata: { namespace: 'default', name }, spec })
    await client.bind(pod, 'n1')
  }
  const kept = async () =>
    (await client.list(PODS)).items.filter((pod) => !pod.metadata.deletionTimestamp).map((pod) => pod.metadata.name)
  return { ...plane, taint, run, kept }
}

const A: Taint = { key: 'a', value: 'x', effect: 'NoExecute' }
const B: Taint = { key: 'b', effect: 'NoExecute' }

describe('taint eviction', () => {
  it('deletes what does not tolerate, keeps what does, and what is not bound there', async () => {
    const { clock, taint, run, kept } = await setUp()
    await run('none')
    await run('equal', { key: 'a', operator: 'Equal', value: 'x', effect: 'NoExecute' })
    await run('other-value', { key: 'a', operator: 'Equal', value: 'y' })
    await run('exists', { key: 'a', operator: 'Exists' })
    await run('all', { operator: 'Exists' })
    await run('schedule-only', { key: 'a', operator: 'Exists', effect: 'NoSchedule' })
    await taint(A)
    await clock.advance(100)
    expect(await kept()).toEqual(['all', 'equal', 'exists'])
  })

  it('heeds NoExecute alone', async () => {
    const { clock, taint, run, kept } = await setUp()
    await run('p')
    await taint({ ...A, effect: 'NoSchedule' })
    await clock.advance(60_000)
    expect(await kept()).toEqual(['p'])
  })

  it('waits for the shortest toleration of several taints, counted from the first of them', async () => {
    const { clock, taint, run, kept } = await setUp()
    await run(
      'p',
      { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 },
      { key: 'b', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 20 },
    )
    await taint(A)
    await clock.advance(10_000)
    await taint(A, B)
    await clock.advance(9_000)
    expect(await kept()).toEqual(['p'])
    await clock.advance(1_100)
    expect(await kept()).toEqual([])
  })

  it('forgets its count when the taint goes', async () => {
    const { clock, taint, run, kept } = await setUp()
    await run('p', { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 })
    for (let i = 0; i < 3; i++) {
      await taint(A)
      await clock.advance(9_000)
      await taint()
      await clock.advance(100)
    }
    expect(await kept()).toEqual(['p'])
  })

  it('deletes a Pod that is bound to a node already tainted', async () => {
    const { clock, taint, run, kept } = await setUp()
    await taint(A)
    await clock.advance(100)
    await run('late')
    await clock.advance(100)
    expect(await kept()).toEqual([])
  })

  it('gives Pods one second by default on a node that is not ready or unreachable', async () => {
    const { clock, taint, run, kept } = await setUp()
    await run('p')
    await taint({ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' })
    await clock.advance(900)
    expect(await kept()).toEqual(['p'])
    await clock.advance(200)
    expect(await kept()).toEqual([])
  })
})
