import { describe, expect, it } from 'vitest'
import { strategyOf } from '../../../../controlplane/registry/strategies/index.ts'
import {
  type Kind,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  STORAGE_CLASSES,
} from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { aClaim, aStorageClass, aVolume } from '../../../support/storage-objects.ts'
import { causesOf, testRegistry } from '../../../support/test-registry.ts'

async function setup() {
  const test = await testRegistry()
  const changing = async <T extends KubeObject>(kind: Kind<T>, name: string, change: (object: T) => T) => {
    const key = kind.namespaced ? { namespace: 'default', name } : { name }
    try {
      await test.registry.update(kind, key, (current) => change(current as T), {})
      return []
    } catch (error) {
      return causesOf(error)
    }
  }
  const row = async <T extends KubeObject>(kind: Kind<T>, name: string) => {
    const object = await test.get(kind, name)
    const columns = strategyOf(kind).columns.filter(({ priority, name: title }) => priority === 0 && title !== 'Age')
    return columns.map((column) => column.cell(object, test.clock.now()))
  }
  return { ...test, changing, row }
}

describe('PersistentVolume', () => {
  it('is protected from the beginning, kept by default, and shown', async () => {
    const { create, row } = await setup()
    const volume = aVolume('pv', { accessModes: ['ReadOnlyMany', 'ReadWriteOnce'], storageClassName: 'slow' })
    const created = await create(PERSISTENT_VOLUMES, volume)
    expect(created.metadata.finalizers).toEqual(['kubernetes.io/pv-protection'])
    expect(created.spec).toMatchObject({ persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' })
    const shown = ['pv', '1Gi', 'RWO,ROX', 'Retain', 'Pending', '', 'slow', '<unset>', '']
    expect(await row(PERSISTENT_VOLUMES, 'pv')).toEqual(shown)
  })

  it.each<[string, Partial<PersistentVolume['spec']>, string]>([
    ['no source', { local: undefined }, 'spec: Required value: must specify a volume type'],
    [
      'a source outside',
      { local: undefined, nfs: { server: 'a', path: '/' } },
      'spec.nfs: Forbidden: Kubette has no driver for storage outside a node',
    ],
    ['two sources', { hostPath: { path: '/x' } }, 'spec.local: Forbidden: may not specify more than 1 volume type'],
    ['no node', { nodeAffinity: undefined }, 'spec.nodeAffinity: Required value: Local volume requires node affinity'],
    ['no modes', { accessModes: [] }, 'spec.accessModes: Required value'],
    ['a strange mode', { accessModes: ['RWO'] }, 'spec.accessModes: Unsupported value: "RWO": supported values: '],
    ['no size', { capacity: {} }, 'spec.capacity: Unsupported value: "": supported values: "storage"'],
    ['a raw block', { volumeMode: 'Block' }, 'spec.volumeMode: Forbidden: Docker has no raw block volumes'],
    [
      'another driver',
      { local: undefined, csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'x' } },
      'spec.csi.driver: Forbidden: Kubette has no driver for storage outside a node',
    ],
    ['a way out', { local: { path: '/a/../b' } }, `spec.local.path: Invalid value: "/a/../b": must not contain '..'`],
  ] as [string, Partial<PersistentVolume['spec']>, string][])('is refused with %s', async (_, more, message) => {
    const { refusals } = await setup()
    const volume = aVolume('pv')
    const spec = { ...volume.spec, ...more }
    expect(await refusals(PERSISTENT_VOLUMES, { ...volume, spec })).toEqual([expect.stringContaining(message)])
  })

  it('keeps its source', async () => {
    const { create, changing } = await setup()
    await create(PERSISTENT_VOLUMES, aVolume('pv'))
    const moved = await changing(PERSISTENT_VOLUMES, 'pv', (volume) => {
      return { ...volume, spec: { ...volume.spec, local: { path: '/other' } } }
    })
    expect(moved).toEqual([
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
    ])
  })
})

describe('PersistentVolumeClaim', () => {
  it('is protected from the beginning, and shown', async () => {
    const { create, row } = await setup()
    const created = await create(PERSISTENT_VOLUME_CLAIMS, aClaim('data'))
    expect(created.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection'])
    expect(created.status).toEqual({ phase: 'Pending' })
    expect(await row(PERSISTENT_VOLUME_CLAIMS, 'data')).toEqual(['data', 'Pending', '', '', '', '', '<unset>'])
  })

  it('says what it wants', async () => {
    const { refusals } = await setup()
    const spec = {
      accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'],
      volumeMode: 'Block',
      dataSource: { kind: 'X', name: 'y' },
    }
    expect(await refusals(PERSISTENT_VOLUME_CLAIMS, { ...aClaim('data'), spec })).toEqual([
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      'spec.resources[storage]: Required value',
      expect.stringContaining('spec.dataSource: Forbidden: volumes begin empty'),
      'spec.volumeMode: Forbidden: Docker has no raw block volumes',
    ])
    expect(await refusals(PERSISTENT_VOLUME_CLAIMS, { ...aClaim('data'), spec: {} })).toEqual([
      'spec.accessModes: Required value: at least 1 access mode is required',
      'spec.resources[storage]: Required value',
    ])
  })

  it('may get its class and its volume later, and changes nothing else', async () => {
    const { create, changing } = await setup()
    await create(PERSISTENT_VOLUME_CLAIMS, aClaim('data'))
    const set = (more: object) =>
      changing(PERSISTENT_VOLUME_CLAIMS, 'data', (claim) => ({ ...claim, spec: { ...claim.spec, ...more } }))
    expect(await set({ storageClassName: 'local', volumeName: 'pv' })).toEqual([])
    expect(await set({ storageClassName: 'other' })).toEqual([
      expect.stringContaining('spec: Forbidden: spec is immutable'),
    ])
    expect(await set({ resources: { requests: { storage: '2Gi' } } })).toEqual([
      expect.stringContaining('spec.resources: Forbidden: only dynamically provisioned pvc can be resized'),
    ])
  })
})

describe('StorageClass', () => {
  it('has defaults, stays as it is, and says whether it is the default one', async () => {
    const { create, changing, row, refusals } = await setup()
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    await create(STORAGE_CLASSES, { metadata: { name: 'fast', annotations }, provisioner: 'example.com/disk' })
    expect(await row(STORAGE_CLASSES, 'fast')).toEqual([
      'fast (default)',
      'example.com/disk',
      'Delete',
      'Immediate',
      'false',
    ])
    expect(await changing(STORAGE_CLASSES, 'fast', (each) => ({ ...each, provisioner: 'x' }))).toEqual([
      'provisioner: Forbidden: updates to provisioner are forbidden.',
    ])
    expect(await refusals(STORAGE_CLASSES, aStorageClass('x', { parameters: { a: 'b' } }))).toEqual([
      'parameters: Forbidden: kubette.dev/local has no parameters',
    ])
    expect(await refusals(STORAGE_CLASSES, aStorageClass('x', { mountOptions: ['ro'] }))).toEqual([
      'mountOptions: Forbidden: kubette.dev/local takes no mount options',
    ])
  })

  it('says where its volumes may be made, without repeating itself', async () => {
    const { refusals } = await setup()
    const zone = { key: 'zone', values: ['a', 'a'] }
    const allowedTopologies = [
      { matchLabelExpressions: [zone, { key: 'zone', values: [] }, { key: 'a b', values: ['c'] }] },
    ]
    expect(await refusals(STORAGE_CLASSES, aStorageClass('x', { allowedTopologies }))).toEqual([
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
      'allowedTopologies[0].matchLabelExpressions[1].values: Required value',
      'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
      expect.stringMatching(/^allowedTopologies\[0\].matchLabelExpressions\[2\].key: Invalid value: "a b": name part/),
    ])
  })
})

describe('The annotation for a class', () => {
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 'slow' }
  const why = 'deprecated since v1.8; use "storageClassName" attribute instead'

  it.each<[Kind, KubeObject]>([
    [PERSISTENT_VOLUMES, aVolume('a', { storageClassName: 'fast' })],
    [PERSISTENT_VOLUME_CLAIMS, aClaim('a')],
  ])('is taken for the field and warned of: $plural', async (kind, object) => {
    const { registry } = await setup()
    const warnings: string[] = []
    const draft = { ...object, metadata: { ...object.metadata, annotations } }
    const options = {
      ...(kind.namespaced ? { namespace: 'default' } : {}),
      warn: (text: string) => warnings.push(text),
    }
    const { object: created } = await registry.create(kind, draft, options)
    expect(created).toMatchObject({ spec: { storageClassName: 'slow' } })
    expect(warnings).toEqual([`metadata.annotations[volume.beta.kubernetes.io/storage-class]: ${why}`])
  })

  it('parts of bytes are warned of', async () => {
    const { registry } = await setup()
    const warnings: string[] = []
    const volume = aVolume('a', { storage: '1500m' })
    await registry.create(PERSISTENT_VOLUMES, volume, { warn: (text) => warnings.push(text) })
    expect(warnings).toEqual(['spec.capacity[storage]: fractional byte value "1500m" is invalid, must be an integer'])
  })
})
