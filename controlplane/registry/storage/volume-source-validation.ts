import type { PersistentVolumeSpec } from '../../../shared/api/generated/core-v1.ts'
import { LOCAL_DRIVER } from '../../../shared/storage/local-volumes.ts'
import { validateNoParent } from '../pods/file-path-validation.ts'
import { validateHostPath } from '../pods/volume-validation.ts'
import type { FieldErrors } from '../validation/field-errors.ts'

/** The fields of a PersistentVolume's spec that say where its data is. */
const SOURCES = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const
const OUTSIDE = 'Kubette has no driver for storage outside a node'

export function volumeSourceOf(spec: PersistentVolumeSpec): object {
  return Object.fromEntries(SOURCES.map((source) => [source, spec[source]]))
}

export function validateVolumeSource(spec: PersistentVolumeSpec, path: string, errors: FieldErrors): void {
  const [first, ...others] = SOURCES.filter((source) => spec[source])
  if (!first) errors.required(path, 'must specify a volume type')
  for (const other of others) errors.forbidden(`${path}.${other}`, 'may not specify more than 1 volume type')
  if (spec.hostPath) validateHostPath(spec.hostPath, `${path}.hostPath`, errors)
  else if (spec.local) validateLocal(spec, path, errors)
  else if (spec.csi) validateDriver(spec.csi, `${path}.csi`, errors)
  else if (first) errors.forbidden(`${path}.${first}`, OUTSIDE)
}

function validateLocal({ local, nodeAffinity }: PersistentVolumeSpec, path: string, errors: FieldErrors): void {
  if (!local?.path) errors.required(`${path}.local.path`)
  else validateNoParent(local.path, `${path}.local.path`, errors)
  if (!nodeAffinity?.required) errors.required(`${path}.nodeAffinity`, 'Local volume requires node affinity')
}

function validateDriver(
  { driver, volumeHandle }: { driver: string; volumeHandle: string },
  path: string,
  errors: FieldErrors,
): void {
  if (!driver) errors.required(`${path}.driver`)
  else if (driver !== LOCAL_DRIVER) errors.forbidden(`${path}.driver`, OUTSIDE)
  if (!volumeHandle) errors.required(`${path}.volumeHandle`)
  else if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(volumeHandle)) {
    errors.invalid(`${path}.volumeHandle`, volumeHandle, 'must be the name of a Docker volume')
  }
}
