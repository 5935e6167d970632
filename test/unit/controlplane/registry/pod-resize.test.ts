import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../../shared/api/api-error.ts'
import type { PodSpec, ResourceRequirements } from '../../../../shared/api/generated/core-v1.ts'
import { PODS, type Pod } from '../../../../shared/api/kinds.ts'
import { testPod, testRegistry } from '../../../support/test-registry.ts'

const KEY = { namespace: 'default', name: 'a' }
const resources = (cpu: string, more: ResourceRequirements = {}): ResourceRequirements => ({
  requests: { cpu, memory: '64Mi', ...more.requests },
  limits: { memory: '128Mi', ...more.limits },
})
const spec = (own: ResourceRequirements, more: Partial<PodSpec> = {}) => ({
  containers: [{ name: 'main', image: 'busybox:1', resources: own }],
  ...more,
})

async function resized(change: (spec: PodSpec) => PodSpec, created: PodSpec = spec(resources('100m'))) {
  const { registry } = await testRegistry()
  await registry.create(PODS, testPod('a', { spec: created }), { namespace: 'default' })
  const resize = (pod: Pod) => ({ ...pod, spec: change(structuredClone(pod.spec)) })
  const { object } = await registry.update(PODS, KEY, (pod) => resize(pod as Pod), { area: 'resize' })
  return object as Pod
}

function refusals(change: (spec: PodSpec) => PodSpec, created?: PodSpec): Promise<string[]> {
  return resized(change, created).then(
    () => [],
    (error: unknown) => {
      if (!(error instanceof ApiError)) throw error
      return (error.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`)
    },
  )
}

const withResources = (own: ResourceRequirements) => (current: PodSpec) => ({
  ...current,
  containers: current.containers.map((container) => ({ ...container, resources: own })),
})

describe('resize of a Pod', () => {
  it('changes what its containers may have, in a new generation, and nothing else', async () => {
    const pod = await resized((current) => ({
      ...withResources(resources('200m', { limits: { cpu: '1' } }))(current),
      nodeName: 'elsewhere',
    }))
    expect(pod.spec.containers[0]?.resources).toEqual({
      requests: { cpu: '200m', memory: '64Mi' },
      limits: { cpu: '1', memory: '128Mi' },
    })
    expect(pod.spec.nodeName).toBeUndefined()
    expect(pod.metadata.generation).toBe(2)
  })

  it.each<[string, ResourceRequirements, ...string[]]>([
    [
      'takes nothing off',
      { requests: { memory: '64Mi' }, limits: { memory: '128Mi' } },
      'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    ],
    [
      'takes no limit off',
      { requests: { cpu: '100m', memory: '64Mi' } },
      'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
    ],
    [
      'keeps to cpu and memory',
      resources('100m', { limits: { 'ephemeral-storage': '1Gi' } }),
      'spec: Forbidden: only cpu and memory resources are mutable',
    ],
    [
      'keeps requests below limits',
      resources('100m', { requests: { memory: '1Gi' } }),
      'spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 128Mi',
    ],
    [
      'keeps the QoS class',
      { requests: { cpu: '1', memory: '64Mi' }, limits: { cpu: '1', memory: '64Mi' } },
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
    ],
  ])('%s', async (_, wanted, ...causes) => {
    expect(await refusals(withResources(wanted))).toEqual(causes)
  })

  it('does not rename containers, nor resize init containers that end', async () => {
    const renamed = (current: PodSpec) => ({
      ...current,
      containers: current.containers.map((container) => ({ ...container, name: 'other' })),
    })
    expect(await refusals(renamed)).toEqual(['spec: Forbidden: containers may not be renamed or reordered on resize'])
    const initContainers = [{ name: 'init', image: 'busybox:1', resources: resources('100m') }]
    const larger = (current: PodSpec) => ({
      ...current,
      initContainers: [{ ...initContainers[0], name: 'init', resources: resources('200m') }],
    })
    expect(await refusals(larger, spec(resources('100m'), { initContainers }))).toEqual([
      'spec: Forbidden: resources for non-sidecar init containers are immutable',
    ])
  })

  it('is the only way: an update may not do it', async () => {
    const { registry } = await testRegistry()
    await registry.create(PODS, testPod('a', { spec: spec(resources('100m')) }), { namespace: 'default' })
    const change = (pod: Pod) => ({ ...pod, spec: withResources(resources('200m'))(pod.spec) })
    await expect(registry.update(PODS, KEY, (pod) => change(pod as Pod), {})).rejects.toThrow('may not change fields')
  })
})
