import { describe, expect, it } from 'vitest'
import { concernsOwner } from '../../../../../controlplane/controllers/replicaset/concerns-owner.ts'
import type { Pod } from '../../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../../shared/api/object.ts'

const READY = { type: 'Ready', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' }
const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs-1', controller: true }

const before: Persisted<Pod> = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web-1',
    namespace: 'default',
    uid: 'pod-1',
    resourceVersion: '1',
    creationTimestamp: '2030-01-01T00:00:00Z',
    labels: { app: 'web' },
    ownerReferences: [owner],
  },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
  status: { phase: 'Pending' },
}

const withMetadata = (metadata: object): Persisted<Pod> => ({
  ...before,
  metadata: { ...before.metadata, ...metadata },
})
const withStatus = (status: object): Persisted<Pod> => ({ ...before, status: { ...before.status, ...status } })

describe('concernsOwner', () => {
  it.each<[string, Persisted<Pod>]>([
    ['another label', withMetadata({ labels: { app: 'other' } })],
    ['no owner any more', withMetadata({ ownerReferences: [] })],
    ['its deletion', withMetadata({ deletionTimestamp: '2030-01-01T00:00:01Z' })],
    ['its end', withStatus({ phase: 'Failed' })],
    ['its being ready', withStatus({ conditions: [READY] })],
  ])('is so for %s', (_, pod) => expect(concernsOwner(before, pod)).toBe(true))

  it('is so for being ready since another time', () => {
    const later = { ...READY, lastTransitionTime: '2030-01-01T00:01:00Z' }
    expect(concernsOwner(withStatus({ conditions: [READY] }), withStatus({ conditions: [later] }))).toBe(true)
  })

  it.each<[string, Persisted<Pod>]>([
    ['a binding', { ...before, spec: { ...before.spec, nodeName: 'n1' } }],
    ['another condition', withStatus({ conditions: [{ type: 'PodScheduled', status: 'True' }] })],
    ['a container that runs', withStatus({ phase: 'Running', podIP: '10.42.0.4' })],
    ['an annotation', withMetadata({ annotations: { note: 'x' } })],
  ])('is not so for %s', (_, pod) => expect(concernsOwner(before, pod)).toBe(false))
})
