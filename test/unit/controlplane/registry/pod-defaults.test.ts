import { describe, expect, it } from 'vitest'
import { createRegistry } from '../../../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../../../controlplane/registry/namespaces.ts'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { PODS, type Pod } from '../../../../shared/api/kinds.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { testPod, testRegistry } from '../../../support/test-registry.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const container = (more: object) => ({ spec: { containers: [{ name: 'main', image: 'busybox:1', ...more }] } })

describe('Pod defaults', () => {
  it('are those of Kubernetes', async () => {
    const { create } = await testRegistry()
    const { spec, status } = await create(PODS, testPod('a'))
    const evicted = (key: string, tolerationSeconds: number) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds,
    })
    expect(spec).toEqual({
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
      enableServiceLinks: true,
      serviceAccountName: 'default',
      serviceAccount: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      tolerations: [evicted('not-ready', 300), evicted('unreachable', 1)],
    })
    expect(status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' })
  })

  it('pull again what a tag may have come to mean', async () => {
    const { create } = await testRegistry()
    const images = {
      'busybox:1': 'IfNotPresent',
      busybox: 'Always',
      'busybox:latest': 'Always',
      'host:5000/busybox': 'Always',
      'host:5000/busybox:2': 'IfNotPresent',
      'busybox@sha256:abc': 'IfNotPresent',
      'busybox:latest@sha256:abc': 'Always',
    }
    for (const [index, [image, policy]] of Object.entries(images).entries()) {
      const { spec } = await create(PODS, testPod(`p${index}`, container({ image })))
      expect({ image, policy: spec.containers[0]?.imagePullPolicy }).toEqual({ image, policy })
    }
  })

  it('fill in ports, probes, references and volumes', async () => {
    const { create } = await testRegistry()
    const { spec } = await create(
      PODS,
      testPod('a', {
        spec: {
          hostNetwork: true,
          volumes: [{ name: 'v' }],
          containers: [
            {
              name: 'main',
              image: 'busybox:1',
              ports: [{ containerPort: 80 }],
              livenessProbe: { httpGet: { port: 80 } },
              env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
            },
          ],
        },
      }),
    )
    expect(spec.volumes).toEqual([{ name: 'v', emptyDir: {} }])
    expect(spec.containers[0]).toMatchObject({
      ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
      livenessProbe: {
        httpGet: { port: 80, path: '/', scheme: 'HTTP' },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
      env: [{ valueFrom: { fieldRef: { apiVersion: 'v1' } } }],
    })
  })

  it('request what is limited, and tell the class of service', async () => {
    const { create } = await testRegistry()
    const limits = { cpu: '500m', memory: '1Gi' }
    const guaranteed = await create(PODS, testPod('a', container({ resources: { limits } })))
    expect(guaranteed.spec.containers[0]?.resources).toEqual({ limits, requests: limits })
    expect(guaranteed.status?.qosClass).toBe('Guaranteed')
    const burstable = await create(PODS, testPod('b', container({ resources: { limits, requests: { cpu: '100m' } } })))
    expect(burstable.spec.containers[0]?.resources?.requests).toEqual({ cpu: '100m', memory: '1Gi' })
    expect(burstable.status?.qosClass).toBe('Burstable')
  })

  it('round amounts up to thousandths', async () => {
    const { create } = await testRegistry()
    const resources = { limits: { cpu: '0.0015', memory: '1e3' }, requests: { cpu: '500u', memory: '0.5n' } }
    const { spec } = await create(PODS, testPod('a', container({ resources })))
    expect(spec.containers[0]?.resources).toEqual({
      limits: { cpu: '2m', memory: '1e3' },
      requests: { cpu: '1m', memory: '1m' },
    })
  })

  it('keep the ServiceAccount of a Pod that is written without one', async () => {
    const { create, registry } = await testRegistry()
    const pod = await create(PODS, testPod('a'))
    const { serviceAccountName: _, serviceAccount: __, ...spec } = pod.spec
    const target = { namespace: 'default', name: 'a' }
    const { object } = await registry.update(PODS, target, () => ({ ...pod, spec }), {})
    expect((object as Pod).spec.serviceAccountName).toBe('default')
  })

  it('leave alone what the Pod says itself about leaving a node', async () => {
    const { create } = await testRegistry()
    const forever = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }
    const { spec } = await create(PODS, testPod('a', { spec: { tolerations: [forever] } }))
    expect(spec.tolerations).toHaveLength(2)
    expect(spec.tolerations?.[0]).toEqual(forever)
    const { spec: all } = await create(PODS, testPod('b', { spec: { tolerations: [{ operator: 'Exists' }] } }))
    expect(all.tolerations).toEqual([{ operator: 'Exists' }])
  })

  it('take the time to leave a node from the settings', async () => {
    const registry = createRegistry({
      store: new MemoryStore(),
      clock: new VirtualClock(),
      random: seededRandom(1),
      nodeLossTolerance: { notReadySeconds: 20, unreachableSeconds: 10 },
    })
    await bootstrapNamespaces(registry)
    const { object } = await registry.create(PODS, testPod('a'), { namespace: 'default' })
    const { tolerations = [] } = (object as unknown as Pod).spec
    expect(tolerations.map(({ tolerationSeconds }) => tolerationSeconds)).toEqual([20, 10])
  })
})
