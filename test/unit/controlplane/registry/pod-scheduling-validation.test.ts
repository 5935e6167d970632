import { describe, expect, it } from 'vitest'
import { PODS, type Pod } from '../../../../shared/api/kinds.ts'
import { testPod, testRegistry } from '../../../support/test-registry.ts'

describe('Validation of where a Pod may go', () => {
  const cases: Record<string, [spec: object, ...causes: string[]]> = {
    tolerations: [
      {
        ...testPod('a').spec,
        tolerations: [
          { key: 'a', operator: 'Exists', value: 'x' },
          { operator: 'Equal' },
          { key: 'b', operator: 'Like', effect: 'Never' },
          { key: 'c', effect: 'NoSchedule', tolerationSeconds: 5 },
        ],
      },
      'spec.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\'',
      'spec.tolerations[1].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      'spec.tolerations[2].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
      'spec.tolerations[2].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'spec.tolerations[3].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
    affinity: [
      {
        ...testPod('a').spec,
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [
                    { key: 'a', operator: 'In' },
                    { key: 'b', operator: 'Like' },
                    { key: 'c', operator: 'Gt', values: ['1', '2'] },
                  ],
                },
                { matchFields: [{ key: 'metadata.uid', operator: 'Exists' }] },
              ],
            },
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: {} }],
          },
          podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] },
        },
      },
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[1].operator: Invalid value: "Like": not a valid selector operator',
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[2].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchFields[0].operator: Invalid value: "Exists": not a valid selector operator',
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key',
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
      'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
    ],
    'keys of labels, and values that no node has': [
      {
        ...testPod('a').spec,
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'a', operator: 'In', values: ['ok', 'a b'] }] },
                { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['A_'] }] },
              ],
            },
          },
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'zone', matchLabelKeys: ['app'] },
              { topologyKey: 'zone', labelSelector: {}, matchLabelKeys: ['app'], mismatchLabelKeys: ['app'] },
            ],
          },
        },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'zone',
            whenUnsatisfiable: 'ScheduleAnyway',
            minDomains: 0,
            nodeTaintsPolicy: 'Obey',
            labelSelector: { matchLabels: { app: 'a' } },
            matchLabelKeys: ['app'],
          },
        ],
      },
      expect.stringMatching(/nodeSelectorTerms\[0\].matchExpressions\[0\].values\[1\]: Invalid value: "a b"/) as never,
      expect.stringMatching(/nodeSelectorTerms\[1\].matchFields\[0\].values\[0\]: Invalid value: "A_"/) as never,
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[1].matchLabelKeys[0]: Invalid value: "app": exists in both matchLabelKeys and mismatchLabelKeys',
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
      'spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: "Obey": supported values: "Honor", "Ignore"',
      'spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "app": exists in both matchLabelKeys and labelSelector',
    ],
    'what is said twice': [
      {
        nodeName: 'node-1',
        schedulingGates: [{ name: 'a' }, { name: 'a' }],
        containers: [
          {
            name: 'main',
            image: 'b',
            terminationMessagePolicy: 'Log',
            resizePolicy: ['NotRequired', 'NotRequired'].map((restartPolicy) => ({
              resourceName: 'cpu',
              restartPolicy,
            })),
          },
        ],
        initContainers: [
          { name: 'init', image: 'b', ports: [80, 81].map((containerPort) => ({ containerPort, hostPort: 80 })) },
        ],
      },
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
      'spec.containers[0].terminationMessagePolicy: Unsupported value: "Log": supported values: "File", "FallbackToLogsOnError"',
      'spec.containers[0].resizePolicy[1]: Duplicate value: "cpu"',
      'spec.initContainers[0].ports[1].hostPort: Duplicate value: "TCP//80"',
      'spec.schedulingGates[1]: Duplicate value: "a"',
    ],
  }

  it('of what the loss of a Pod costs', async () => {
    const { refusals } = await testRegistry()
    const withCost = (cost: string) => {
      const annotations = { 'controller.kubernetes.io/pod-deletion-cost': cost }
      return refusals(PODS, testPod('a', { metadata: { name: 'a', annotations } }))
    }
    for (const cost of ['0', '-5', '2147483647']) expect(await withCost(cost)).toEqual([])
    for (const cost of ['', '+5', '007', '1.5', '2147483648', 'high']) {
      expect(await withCost(cost)).toEqual([
        `metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "${cost}": must be a 32bit integer`,
      ])
    }
  })

  it.each(Object.entries(cases))('of %s', async (_, [spec, ...causes]) => {
    const { refusals } = await testRegistry()
    expect(await refusals(PODS, { metadata: { name: 'a' }, spec: spec as Pod['spec'] })).toEqual(causes)
  })
})
