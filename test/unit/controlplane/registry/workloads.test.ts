import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS, type Deployment, type Kind, REPLICA_SETS, type ReplicaSet } from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { causesOf, testDeployment, testRegistry } from '../../../support/test-registry.ts'

const template = (more: object) => ({
  template: {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'busybox:1' }], ...more },
  },
})

const testReplicaSet = (name: string, spec: object = {}): ReplicaSet => {
  const { metadata, spec: own } = testDeployment(name, spec)
  return { metadata, spec: own }
}

describe('Deployment and ReplicaSet defaults', () => {
  it('are those of Kubernetes', async () => {
    const { create } = await testRegistry()
    const { spec, status } = await create(DEPLOYMENTS, testDeployment('web'))
    expect(spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    })
    expect(status).toEqual({})
    expect(spec.template.spec).toEqual({
      containers: [
        {
          name: 'main',
          image: 'busybox:1',
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
      schedulerName: 'default-scheduler',
      securityContext: {},
    })
    const replicaSet = await create(REPLICA_SETS, testReplicaSet('web', { replicas: undefined }))
    expect(replicaSet).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 0 } })
  })

  it('keep what is said, zero included, and give Recreate no rolling update', async () => {
    const { create } = await testRegistry()
    const { spec } = await create(DEPLOYMENTS, testDeployment('web', { replicas: 0, strategy: { type: 'Recreate' } }))
    expect(spec).toMatchObject({ replicas: 0, strategy: { type: 'Recreate' } })
    expect(spec.strategy).not.toHaveProperty('rollingUpdate')
    const half = { strategy: { rollingUpdate: { maxSurge: 0 } } }
    const { spec: other } = await create(DEPLOYMENTS, testDeployment('b', half))
    expect(other.strategy?.rollingUpdate).toEqual({ maxSurge: 0, maxUnavailable: '25%' })
  })
})

describe('Deployment and ReplicaSet validation', () => {
  const both: Record<string, [spec: object, ...causes: string[]]> = {
    'a missing selector': [{ selector: undefined }, 'spec.selector: Required value'],
    'an empty selector': [
      { selector: {} },
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ],
    'a bad selector': [
      {
        selector: {
          matchExpressions: [
            { key: 'app', operator: 'Like' },
            { key: 'b', operator: 'Exists', values: ['x'] },
          ],
        },
      },
      'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
      "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    'a selector of other labels': [
      { selector: { matchLabels: { app: 'other' } } },
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    'numbers below zero': [
      { replicas: -1, minReadySeconds: -2 },
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0',
    ],
    'a template that ends': [
      template({ restartPolicy: 'Never', activeDeadlineSeconds: 5 }),
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    ],
    'a bad template': [
      template({ containers: [{ name: 'a' }] }),
      'spec.template.spec.containers[0].image: Required value',
    ],
    'no template': [
      { template: undefined },
      'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
      'spec.template.spec.containers: Required value',
    ],
  }

  it.each(Object.entries(both))('of %s', async (_, [spec, ...causes]) => {
    const { refusals } = await testRegistry()
    expect(await refusals(DEPLOYMENTS, testDeployment('web', spec))).toEqual(causes)
    expect(await refusals(REPLICA_SETS, testReplicaSet('web', spec))).toEqual(causes)
  })

  const rolling = (maxUnavailable: unknown, maxSurge: unknown) => ({
    strategy: { rollingUpdate: { maxUnavailable, maxSurge } },
  })
  const path = 'spec.strategy.rollingUpdate'
  const strategies: Record<string, [spec: object, ...causes: string[]]> = {
    'no movement': [rolling(0, '0%'), `${path}.maxUnavailable: Invalid value: 0: may not be 0 when \`maxSurge\` is 0`],
    'too much': [rolling('101%', 1), `${path}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`],
    'bad numbers': [
      rolling(-1, 'some'),
      `${path}.maxUnavailable: Invalid value: -1: must be greater than or equal to 0`,
      `${path}.maxSurge: Invalid value: "some": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
    ],
    Recreate: [
      { strategy: { type: 'Recreate', rollingUpdate: {} } },
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ],
    'another type': [
      { strategy: { type: 'BlueGreen' } },
      'spec.strategy.type: Unsupported value: "BlueGreen": supported values: "Recreate", "RollingUpdate"',
    ],
    deadlines: [
      { minReadySeconds: 600, revisionHistoryLimit: -1 },
      'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
      'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds',
    ],
  }

  it.each(Object.entries(strategies))('of the strategy: %s', async (_, [spec, ...causes]) => {
    const { refusals } = await testRegistry()
    expect(await refusals(DEPLOYMENTS, testDeployment('web', spec))).toEqual(causes)
  })

  it.each([
    ['Deployment', DEPLOYMENTS as Kind],
    ['ReplicaSet', REPLICA_SETS as Kind],
  ])('of updates: the selector of a %s stays', async (_, kind) => {
    const { registry, create } = await testRegistry()
    await create(kind, testDeployment('web'))
    const select = (current: KubeObject) => {
      const { spec } = current as Deployment
      return { ...current, spec: { ...spec, selector: { matchLabels: { app: 'web', more: '1' } } } }
    }
    const error = await registry.update(kind, { namespace: 'default', name: 'web' }, select, {}).catch((e) => e)
    expect(causesOf(error)[0]).toBe(
      'spec.selector: Invalid value: {"matchLabels":{"app":"web","more":"1"}}: field is immutable',
    )
  })

  it('of a status that cannot be', async () => {
    const { registry, create } = await testRegistry()
    await create(DEPLOYMENTS, testDeployment('web'))
    const report = (status: object) => (current: KubeObject) => ({ ...current, status })
    const key = { namespace: 'default', name: 'web' }
    const status = { replicas: 1, readyReplicas: 2, availableReplicas: 3 }
    const error = await registry.update(DEPLOYMENTS, key, report(status), { area: 'status' }).catch((e) => e)
    expect(causesOf(error)).toEqual([
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
    ])
  })
})
