import { describe, expect, it } from 'vitest'
import { PODS, type Pod } from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { causesOf, testPod, testRegistry } from '../../../support/test-registry.ts'

describe('Pod updates', () => {
  async function changed(before: object, after: (spec: Pod['spec']) => object): Promise<string[]> {
    const { registry, create } = await testRegistry()
    await create(PODS, testPod('a', { spec: before }))
    const change = (current: KubeObject) => {
      const pod = current as Pod
      return { ...pod, spec: { ...pod.spec, ...after(pod.spec) } }
    }
    try {
      await registry.update(PODS, { namespace: 'default', name: 'a' }, change, {})
      return []
    } catch (error) {
      return causesOf(error)
    }
  }

  it('may change images, deadlines and gates, and add tolerations', async () => {
    const image = (spec: Pod['spec']) => ({ containers: [{ ...spec.containers[0], image: 'busybox:2' }] })
    expect(await changed({}, image)).toEqual([])
    expect(await changed({}, () => ({ activeDeadlineSeconds: 5 }))).toEqual([])
    expect(await changed({ activeDeadlineSeconds: 5 }, () => ({ activeDeadlineSeconds: 4 }))).toEqual([])
    expect(await changed({ schedulingGates: [{ name: 'a' }] }, () => ({ schedulingGates: [] }))).toEqual([])
    const added = { key: 'x', operator: 'Exists' }
    expect(await changed({}, (spec) => ({ tolerations: [...(spec.tolerations ?? []), added] }))).toEqual([])
    expect(await changed({ terminationGracePeriodSeconds: -1 }, () => ({ terminationGracePeriodSeconds: 1 }))).toEqual(
      [],
    )
  })

  it('may narrow down where a Pod may go, as long as it is gated', async () => {
    const required = (...values: string[]) => ({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: values.map((key) => ({ key, operator: 'Exists' })) }],
        },
      },
    })
    const gated = { schedulingGates: [{ name: 'a' }], nodeSelector: { a: 'b' } }
    expect(await changed(gated, () => ({ nodeSelector: { a: 'b', c: 'd' } }))).toEqual([])
    expect(await changed(gated, () => ({ affinity: required('x') }))).toEqual([])
    expect(await changed({ ...gated, affinity: required('x') }, () => ({ affinity: required('x', 'y') }))).toEqual([])
    expect(await changed(gated, () => ({ nodeSelector: { a: 'c' } }))).toEqual([
      'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ])
    const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
    expect(await changed({ ...gated, affinity: required('x') }, () => ({ affinity: required('y') }))).toEqual([
      `${terms}[0]: Invalid value: {"matchExpressions":[{"key":"y","operator":"Exists"}]}: only additions are allowed (no mutations or deletions)`,
    ])
    expect(await changed({ ...gated, affinity: required('x') }, () => ({ affinity: undefined }))).toEqual([
      `${terms}: Invalid value: []: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
    ])
    const other = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } }
    expect(await changed(gated, () => ({ affinity: other }))).toEqual([
      expect.stringContaining('changed: `spec.affinity`'),
    ])
  })

  it('may change nothing else', async () => {
    expect(await changed({}, () => ({ nodeSelector: { a: 'b' }, hostname: 'x' }))).toEqual([
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
        '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing ' +
        'tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n' +
        'changed: `spec.nodeSelector`, `spec.hostname`',
    ])
    const command = (spec: Pod['spec']) => ({ containers: [{ ...spec.containers[0], command: ['x'] }] })
    expect(await changed({}, command)).toEqual([expect.stringContaining('changed: `spec.containers`')])
    const another = (spec: Pod['spec']) => ({ containers: [...spec.containers, { name: 'b', image: 'c' }] })
    expect(await changed({}, another)).toEqual([
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ])
    expect(await changed({ activeDeadlineSeconds: 5 }, () => ({ activeDeadlineSeconds: 6 }))).toEqual([
      'spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value',
    ])
    const tolerated = { key: 'x', operator: 'Exists' }
    expect(await changed({ tolerations: [tolerated] }, () => ({ tolerations: [] }))).toEqual([
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ])
    expect(await changed({}, () => ({ schedulingGates: [{ name: 'a' }] }))).toEqual([
      "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
    ])
  })

  it('may leave out what was filled in', async () => {
    const { registry, create } = await testRegistry()
    const { revision } = await registry.create(PODS, testPod('a'), { namespace: 'default' })
    await expect(create(PODS, testPod('a'))).rejects.toMatchObject({ code: 409 })
    const again = await registry.update(PODS, { namespace: 'default', name: 'a' }, () => testPod('a'), {})
    expect(again.revision).toBe(revision)
  })
})

describe('Pod status updates', () => {
  async function withStatus(status: Pod['status']): Promise<Pod | string[]> {
    const { registry, create } = await testRegistry()
    await create(PODS, testPod('a'))
    const change = (current: KubeObject) => ({ ...(current as Pod), status })
    try {
      const entry = await registry.update(PODS, { namespace: 'default', name: 'a' }, change, { area: 'status' })
      return entry.object as Pod
    } catch (error) {
      return causesOf(error)
    }
  }

  it('may not change the QoS class', async () => {
    expect(await withStatus({ phase: 'Running', qosClass: 'Guaranteed' })).toEqual([
      'status.qosClass: Invalid value: "Guaranteed": field is immutable',
    ])
  })

  it.each([{}, { qosClass: '' }, { qosClass: 'BestEffort' }])('keep the QoS class with %j', async (given) => {
    expect(await withStatus({ phase: 'Running', ...given })).toMatchObject({
      status: { phase: 'Running', qosClass: 'BestEffort' },
    })
  })
})
