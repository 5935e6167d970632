import { afterEach, beforeEach, expect, it } from 'vitest'
import { ConditionWriter } from '../../../../controlplane/scheduler/condition-writer.ts'
import { PODS, type Pod } from '../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../shared/api/object.ts'
import { startTestControlPlane, type TestControlPlane } from '../../../support/test-control-plane.ts'
import { testPod } from '../../../support/test-registry.ts'

let plane: TestControlPlane
let pod: Persisted<Pod>
let writer: ConditionWriter
let writes = 0
let letGo = () => {}
beforeEach(async () => {
  writes = 0
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  plane = await startTestControlPlane({
    wrap: (client) => ({
      ...client,
      // The first takes longer than what comes after it.
      modify: async (...args) => {
        if (++writes === 1) await held
        return client.modify(...args)
      },
    }),
  })
  pod = await plane.client.create(PODS, { ...testPod('a'), metadata: { name: 'a', namespace: 'default' } })
  writer = new ConditionWriter(plane)
})
afterEach(() => plane.stop())

const said = async () => {
  const { status } = await plane.client.get(PODS, pod.metadata)
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return [condition?.message, status?.nominatedNodeName]
}
const decide = (message: string, nominatedNodeName?: string) =>
  writer.write(pod, {
    reason: 'Unschedulable',
    message,
    ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
  })

it('leaves what was decided last, and the last word on the nomination', async () => {
  decide('first', 'n1')
  decide('second', 'n2')
  decide('third')
  await plane.clock.advance(0)
  letGo()
  await plane.clock.advance(0)
  expect(await said()).toEqual(['third', 'n2'])
  expect(writes).toBe(2)
})

it('writes what a Pod says as it was seen, where another word is on its way', async () => {
  letGo()
  decide('first')
  await plane.clock.advance(0)
  pod = await plane.client.get(PODS, pod.metadata)
  decide('first')
  expect(writes).toBe(1)
  decide('second')
  decide('first')
  await plane.clock.advance(0)
  expect(await said()).toEqual(['first', undefined])
})
