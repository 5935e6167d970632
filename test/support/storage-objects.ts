import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../shared/api/kinds.ts'

export interface ClaimShape {
  storage?: string
  accessModes?: string[]
  storageClassName?: string
  annotations?: Record<string, string>
}

/** A claim of 1 GiB as a user writes it. */
export function aClaim(name: string, shape: ClaimShape = {}): PersistentVolumeClaim {
  const { storage = '1Gi', accessModes = ['ReadWriteOnce'], storageClassName, annotations } = shape
  return {
    metadata: { name, namespace: 'default', ...(annotations ? { annotations } : {}) },
    spec: {
      accessModes,
      resources: { requests: { storage } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  }
}

export interface VolumeShape {
  storage?: string
  accessModes?: string[]
  storageClassName?: string
  /** The node that its data is on. */
  node?: string
  reclaimPolicy?: 'Delete' | 'Retain'
}

/** A PersistentVolume at a path of a node, as an administrator writes it. */
export function aVolume(name: string, shape: VolumeShape = {}): PersistentVolume {
  const { storage = '1Gi', accessModes = ['ReadWriteOnce'], storageClassName, node = 'n1', reclaimPolicy } = shape
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
  return {
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes,
      local: { path: `/data/${name}` },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
      ...(reclaimPolicy ? { persistentVolumeReclaimPolicy: reclaimPolicy } : {}),
    },
  }
}

export function aStorageClass(name: string, more: Partial<StorageClass> = {}): StorageClass {
  return { metadata: { name }, provisioner: 'kubette.dev/local', volumeBindingMode: 'WaitForFirstConsumer', ...more }
}
