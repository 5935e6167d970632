import { beforeEach, describe, expect, it } from 'vitest'
import type { Cluster } from '../../../../../controlplane/scheduler/cluster.ts'
import { volumeBinding } from '../../../../../controlplane/scheduler/plugins/volume-binding.ts'
import { volumeRestrictions } from '../../../../../controlplane/scheduler/plugins/volume-restrictions.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../../../shared/api/object.ts'
import { aCluster, aNode, aPod, askFilter } from '../../../../support/scheduling-objects.ts'
import { aClaim, aStorageClass, aVolume } from '../../../../support/storage-objects.ts'

const stored = <T extends KubeObject>(object: T, deletionTimestamp?: string): Persisted<T> => ({
  apiVersion: 'v1',
  kind: 'Any',
  ...object,
  metadata: {
    name: '',
    ...object.metadata,
    uid: `uid-${object.metadata.name}`,
    resourceVersion: '1',
    creationTimestamp: '2030-01-01T00:00:00Z',
    ...(deletionTimestamp ? { deletionTimestamp } : {}),
  },
})
const usesData = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]
const CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
const NOTHING = "node(s) didn't find available persistent volumes to bind"

describe('VolumeBinding', () => {
  let cluster: Cluster

  beforeEach(() => {
    cluster = aCluster([aNode('n1'), aNode('n2')])
    cluster.storage.setClass('added', stored(aStorageClass('local')))
    const noProvisioner = { provisioner: 'kubernetes.io/no-provisioner' }
    cluster.storage.setClass('added', stored(aStorageClass('static', noProvisioner)))
    cluster.storage.setClass('added', stored(aStorageClass('now', { volumeBindingMode: 'Immediate' })))
  })

  const ask = (volumes = usesData as NonNullable<Parameters<typeof aPod>[1]>['volumes'] & object) =>
    askFilter(volumeBinding, aPod('a', { volumes }), cluster)
  const setClaim = (claim: PersistentVolumeClaim, deletionTimestamp?: string) =>
    cluster.storage.setClaim('added', stored(claim, deletionTimestamp))
  const setVolume = (volume: PersistentVolume) => cluster.storage.setVolume('added', stored(volume))
  const everywhere = (answer: string) => ({ n1: answer, n2: answer })

  it('has nothing to say of a Pod without claims', () => {
    expect(ask([{ name: 'v', emptyDir: {} }])).toEqual(everywhere('ok'))
  })

  it('names a claim that cannot be used', () => {
    expect(ask()).toEqual(everywhere('persistentvolumeclaim "data" not found'))
    const waiting = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "a-v"'
    expect(ask([{ name: 'v', ephemeral: {} }])).toEqual(everywhere(waiting))
    setClaim(aClaim('data', { storageClassName: 'now' }))
    expect(ask()).toEqual(everywhere('pod has unbound immediate PersistentVolumeClaims'))
    setClaim(aClaim('data', { storageClassName: 'local' }), '2030-01-01T00:00:00Z')
    expect(ask()).toEqual(everywhere('persistentvolumeclaim "data" is being deleted'))
    setClaim({ ...aClaim('data'), spec: { volumeName: 'pv' }, status: { phase: 'Lost' } })
    expect(ask()).toEqual(everywhere('persistentvolumeclaim "data" bound to non-existent persistentvolume "pv"'))
  })

  it('sends a Pod to its data', () => {
    const claim = aClaim('data')
    setClaim({ ...claim, spec: { ...claim.spec, volumeName: 'pv' }, status: { phase: 'Bound' } })
    const volume = aVolume('pv', { node: 'n2' })
    setVolume({
      ...volume,
      spec: { ...volume.spec, claimRef: { uid: 'uid-data', name: 'data', namespace: 'default' } },
    })
    expect(ask()).toEqual({ n1: CONFLICT, n2: 'ok' })
  })

  it('lets a volume be made anywhere, unless a node was chosen before', () => {
    setClaim(aClaim('data', { storageClassName: 'local' }))
    expect(ask()).toEqual(everywhere('ok'))
    const annotations = { 'volume.kubernetes.io/selected-node': 'n2' }
    setClaim(aClaim('data', { storageClassName: 'local', annotations }))
    expect(ask()).toEqual({ n1: NOTHING, n2: 'ok' })
  })

  it('finds volumes that are there, one for each claim', () => {
    setClaim(aClaim('data', { storageClassName: 'static' }))
    expect(ask()).toEqual(everywhere(NOTHING))
    setVolume(aVolume('small', { node: 'n1', storage: '1Mi', storageClassName: 'static' }))
    setVolume(aVolume('one', { node: 'n1', storageClassName: 'static' }))
    setVolume(aVolume('two', { node: 'n2', storageClassName: 'static' }))
    setVolume(aVolume('three', { node: 'n2', storageClassName: 'static' }))
    expect(ask()).toEqual(everywhere('ok'))
    setClaim(aClaim('more', { storageClassName: 'static' }))
    const both = [...usesData, { name: 'w', persistentVolumeClaim: { claimName: 'more' } }]
    expect(ask(both)).toEqual({ n1: NOTHING, n2: 'ok' })
  })
})

it('VolumeRestrictions lets one Pod at a time have a claim that is for one', () => {
  const user = aPod('user', { volumes: usesData, nodeName: 'n1' })
  const cluster = aCluster([aNode('n1'), aNode('n2')], [user])
  const ask = () => askFilter(volumeRestrictions, aPod('a', { volumes: usesData }), cluster).n2
  cluster.storage.setClaim('added', stored(aClaim('data')))
  expect(ask()).toBe('ok')
  cluster.storage.setClaim('updated', stored(aClaim('data', { accessModes: ['ReadWriteOncePod'] })))
  expect(ask()).toBe('node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode')
  cluster.removePod('uid-user')
  expect(ask()).toBe('ok')
})
