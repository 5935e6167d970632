import { beforeEach, describe, expect, it } from 'vitest'
import { EphemeralVolumeController } from '../../../../../controlplane/controllers/ephemeral-volume/ephemeral-volume.ts'
import { GarbageCollector } from '../../../../../controlplane/controllers/garbage-collector/garbage-collector.ts'
import { ClaimBinder } from '../../../../../controlplane/controllers/persistent-volume/claim-binder.ts'
import { ClaimProtection } from '../../../../../controlplane/controllers/persistent-volume/claim-protection.ts'
import { VolumeReclaimer } from '../../../../../controlplane/controllers/persistent-volume/volume-reclaimer.ts'
import { createEventRecorder } from '../../../../../controlplane/reconcile/event-recorder.ts'
import { bootstrapStorageClass } from '../../../../../controlplane/registry/storage/default-class.ts'
import { startScheduler } from '../../../../../controlplane/scheduler/scheduler.ts'
import {
  EVENTS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  STORAGE_CLASSES,
} from '../../../../../shared/api/kinds.ts'
import { aNode, aPod, type PodShape } from '../../../../support/scheduling-objects.ts'
import { aClaim, aStorageClass, aVolume, type ClaimShape } from '../../../../support/storage-objects.ts'
import { startTestControlPlane, type TestControlPlane } from '../../../../support/test-control-plane.ts'

describe('persistent volumes', () => {
  let plane: TestControlPlane

  beforeEach(async () => {
    plane = await startTestControlPlane()
    await bootstrapStorageClass(plane.registry)
    plane.run(
      new ClaimBinder(plane),
      new VolumeReclaimer(plane),
      new ClaimProtection(plane),
      new EphemeralVolumeController(plane),
      new GarbageCollector(plane),
    )
    const eventRecorder = createEventRecorder({ ...plane, component: 'default-scheduler' })
    void startScheduler({ ...plane, eventRecorder }, plane.signal)
    for (const name of ['n1', 'n2']) {
      const { metadata, spec, status } = aNode(name)
      await plane.client.create(NODES, { metadata: { name, labels: metadata.labels ?? {} }, spec })
      await plane.client.modify(NODES, { name }, (draft) => Object.assign(draft, { status }) && undefined, {
        status: true,
      })
    }
    await plane.clock.advance(100)
  })

  const inDefault = (name: string) => ({ namespace: 'default', name })
  const createClaim = (name: string, shape: ClaimShape = {}) =>
    plane.client.create(PERSISTENT_VOLUME_CLAIMS, aClaim(name, shape))
  const claim = (name: string) => plane.client.get(PERSISTENT_VOLUME_CLAIMS, inDefault(name))
  const phaseOf = async (name: string) => (await claim(name)).status?.phase
  const volume = (name: string) => plane.client.get(PERSISTENT_VOLUMES, { name })
  const volumes = async () => (await plane.client.list(PERSISTENT_VOLUMES)).items
  const createPod = (name: string, shape: PodShape = {}) => {
    const { spec } = aPod(name, shape)
    return plane.client.create(PODS, { metadata: { name, namespace: 'default' }, spec })
  }
  const usesData = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }
  const nodeOf = async (name: string) => (await plane.client.get(PODS, inDefault(name))).spec.nodeName
  const said = async (reason: string) =>
    (await plane.client.list(EVENTS)).items.filter((event) => event.reason === reason).map(({ message }) => message)

  it('gives a claim of the default class a volume where its first Pod lands, and binds later Pods to it', async () => {
    await createClaim('data')
    await plane.clock.advance(1_000)
    const { spec, status } = await claim('data')
    expect([spec.storageClassName, status?.phase]).toEqual(['local', 'Pending'])
    expect(await said('WaitForFirstConsumer')).toEqual(['waiting for first consumer to be created before binding'])
    await createPod('a', { ...usesData, nodeSelector: { 'kubernetes.io/hostname': 'n2' } })
    await plane.clock.until(async () => (await nodeOf('a')) === 'n2')
    const bound = await claim('data')
    expect(bound.status).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } })
    const made = await volume(bound.spec.volumeName ?? '')
    expect(made.status?.phase).toBe('Bound')
    expect(made.spec).toMatchObject({
      csi: { driver: 'local.kubette.dev', volumeHandle: `kubette_pvc-${bound.metadata.uid}` },
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { name: 'data', uid: bound.metadata.uid },
    })
    await createPod('b', usesData)
    await plane.clock.until(async () => (await nodeOf('b')) === 'n2')
  })

  it('says why a Pod waits, and lets it go on once the claim is there', async () => {
    await createPod('a', usesData)
    await plane.clock.advance(1_000)
    const why = '0/2 nodes are available: persistentvolumeclaim "data" not found.'
    const nor = 'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.'
    expect(await said('FailedScheduling')).toEqual([`${why} ${nor}`])
    await createClaim('data')
    await plane.clock.until(async () => (await nodeOf('a')) !== undefined)
  })

  it('binds a volume that is there: the smallest that fits, or the one that a claim names', async () => {
    for (const [name, storage] of [
      ['big', '5Gi'],
      ['fits', '2Gi'],
      ['small', '1Mi'],
      ['named', '9Gi'],
    ] as const) {
      await plane.client.create(PERSISTENT_VOLUMES, aVolume(name, { storage }))
    }
    await plane.clock.advance(1_000)
    expect((await volume('big')).status?.phase).toBe('Available')
    await createClaim('any', { storageClassName: '' })
    const named = aClaim('chosen', { storageClassName: '' })
    await plane.client.create(PERSISTENT_VOLUME_CLAIMS, { ...named, spec: { ...named.spec, volumeName: 'named' } })
    await createClaim('none', { storageClassName: '', storage: '100Gi' })
    await plane.clock.until(async () => (await phaseOf('any')) === 'Bound' && (await phaseOf('chosen')) === 'Bound')
    expect((await claim('any')).spec.volumeName).toBe('fits')
    expect((await volume('named')).spec.claimRef?.name).toBe('chosen')
    expect(await phaseOf('none')).toBe('Pending')
    const nothing = 'no persistent volumes available for this claim and no storage class is set'
    expect(await said('FailedBinding')).toContain(nothing)
  })

  it('takes volumes of a class without a provisioner where the Pod lands', async () => {
    const noProvisioner = { provisioner: 'kubernetes.io/no-provisioner' }
    await plane.client.create(STORAGE_CLASSES, aStorageClass('static', noProvisioner))
    await plane.client.create(PERSISTENT_VOLUMES, aVolume('pv', { node: 'n2', storageClassName: 'static' }))
    await createClaim('data', { storageClassName: 'static' })
    await createPod('a', usesData)
    await plane.clock.until(async () => (await nodeOf('a')) === 'n2')
    expect((await claim('data')).spec.volumeName).toBe('pv')
  })

  it('makes volumes only where their class allows it, whoever chooses the node', async () => {
    const allowedTopologies = [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: ['n2'] }] }]
    for (const volumeBindingMode of ['Immediate', 'WaitForFirstConsumer']) {
      const name = volumeBindingMode.toLowerCase()
      const storageClass = aStorageClass(name, { volumeBindingMode })
      await plane.client.create(STORAGE_CLASSES, { ...storageClass, allowedTopologies })
      await createClaim(name, { storageClassName: name })
      await createPod(name, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }] })
    }
    await plane.clock.until(async () => (await nodeOf('immediate')) === 'n2')
    await plane.clock.until(async () => (await nodeOf('waitforfirstconsumer')) === 'n2')
  })

  it('takes the older annotation for the default class, too', async () => {
    await plane.client.delete(STORAGE_CLASSES, { name: 'local' })
    const { metadata, ...storageClass } = aStorageClass('old', {})
    const annotations = { 'storageclass.beta.kubernetes.io/is-default-class': 'true' }
    await plane.client.create(STORAGE_CLASSES, { ...storageClass, metadata: { ...metadata, annotations } })
    await createClaim('data')
    await plane.clock.until(async () => (await claim('data')).spec.storageClassName === 'old')
  })

  it('keeps a claim that a Pod uses, and then ends its volume as the policy says', async () => {
    await createClaim('data')
    await createPod('a', usesData)
    await plane.clock.until(async () => (await nodeOf('a')) !== undefined)
    const [made] = await volumes()
    const name = made?.metadata.name ?? ''
    await plane.client.delete(PERSISTENT_VOLUME_CLAIMS, inDefault('data'))
    await plane.clock.advance(5_000)
    expect((await claim('data')).metadata.finalizers).toEqual(['kubernetes.io/pvc-protection'])
    await plane.client.delete(PODS, inDefault('a'), { gracePeriodSeconds: 0 })
    await plane.clock.until(async () => (await volume(name)).metadata.deletionTimestamp !== undefined)
    // Its node has yet to say that the data is removed.
    expect((await volume(name)).metadata.finalizers).toEqual(['kubette.dev/volume-data'])
    await plane.client.delete(NODES, { name: made?.spec.csi ? nodeNameIn(made) : '' })
    await plane.clock.until(async () => (await volumes()).length === 0)
  })

  it('keeps the volume of a claim that is gone where the policy is Retain, and says what cannot be deleted', async () => {
    await plane.client.create(PERSISTENT_VOLUMES, aVolume('kept', { storageClassName: 'x' }))
    const deletable = aVolume('stuck', { storageClassName: 'y', reclaimPolicy: 'Delete' })
    await plane.client.create(PERSISTENT_VOLUMES, deletable)
    await createClaim('one', { storageClassName: 'x' })
    await createClaim('two', { storageClassName: 'y' })
    await plane.clock.until(async () => (await phaseOf('one')) === 'Bound' && (await phaseOf('two')) === 'Bound')
    for (const name of ['one', 'two']) await plane.client.delete(PERSISTENT_VOLUME_CLAIMS, inDefault(name))
    await plane.clock.until(async () => (await volume('kept')).status?.phase === 'Released')
    await plane.clock.until(async () => (await volume('stuck')).status?.phase === 'Failed')
    expect((await volume('stuck')).status?.message).toContain('no deletable volume plugin matched')
    await plane.client.delete(PERSISTENT_VOLUMES, { name: 'kept' })
    await plane.clock.until(async () => (await volumes()).length === 1)
  })

  it('shows a claim whose volume is gone as lost', async () => {
    await plane.client.create(PERSISTENT_VOLUMES, aVolume('pv'))
    await createClaim('data', { storageClassName: '' })
    await plane.clock.until(async () => (await phaseOf('data')) === 'Bound')
    await plane.client.delete(PERSISTENT_VOLUMES, { name: 'pv' })
    await plane.client.modify(PERSISTENT_VOLUMES, { name: 'pv' }, ({ metadata }) => {
      metadata.finalizers = []
    })
    await plane.clock.until(async () => (await phaseOf('data')) === 'Lost')
  })

  it('makes the claims of ephemeral volumes, which go with their Pod', async () => {
    const { spec } = aClaim('x')
    await createPod('a', { volumes: [{ name: 'tmp', ephemeral: { volumeClaimTemplate: { spec } } }] })
    await plane.clock.until(async () => (await nodeOf('a')) !== undefined)
    expect(await phaseOf('a-tmp')).toBe('Bound')
    await plane.client.delete(PODS, inDefault('a'), { gracePeriodSeconds: 0 })
    await plane.clock.until(async () => (await plane.client.list(PERSISTENT_VOLUME_CLAIMS)).items.length === 0)
  })
})

function nodeNameIn({ spec }: Awaited<ReturnType<typeof aVolume>>): string {
  return spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0] ?? ''
}
