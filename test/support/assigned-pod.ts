import type { Container, PodSpec } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted, PersistedMeta } from '../../shared/api/object.ts'

/** A Pod as an agent gets it: accepted by the API and bound to its node, with defaults enough. */
export function assignedPod(
  name: string,
  spec: Partial<Omit<PodSpec, 'containers'>> & { containers?: Container[] } = {},
  uid = `uid-${name}`,
): Persisted<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...assignedMetadata(name), uid, generation: 1 },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      nodeName: 'node-1',
      ...spec,
      containers: spec.containers ?? [podContainer('web')],
    },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  }
}

export function podContainer(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'app:1', imagePullPolicy: 'IfNotPresent', ...more }
}

export function assignedMetadata(name: string): PersistedMeta {
  const creationTimestamp = '2030-01-01T00:00:00Z'
  return { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp }
}
