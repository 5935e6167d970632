import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  Volume,
  VolumeProjection,
} from '../../../shared/api/generated/core-v1.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import { validateClaimSpec } from '../storage/claim-spec.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsLabel } from '../validation/names.ts'
import { validateFieldRef, validateResourceFieldRef } from './env-validation.ts'
import { validateFileMode, validateFilePath, validateNoParent } from './file-path-validation.ts'

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]
const NOT_BOTH_REFERENCES = 'fieldRef and resourceFieldRef can not be specified simultaneously'
const FILE_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']

export function validateVolumes(volumes: readonly Volume[], path: string, errors: FieldErrors): void {
  const names = new Set<string>()
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`
    if (!volume.name) errors.required(`${at}.name`)
    else errors.check(`${at}.name`, volume.name, isDnsLabel)
    if (names.has(volume.name)) errors.duplicate(`${at}.name`, volume.name)
    names.add(volume.name)
    validateSource(volume, at, errors)
  }
}

function validateSource(volume: Volume, path: string, errors: FieldErrors): void {
  const [first, ...others] = Object.keys(volume).filter((field) => field !== 'name')
  if (!first) errors.required(path, 'must specify a volume type')
  for (const other of others) errors.forbidden(`${path}.${other}`, 'may not specify more than 1 volume type')
  const { emptyDir, hostPath, secret, configMap, downwardAPI, projected, nfs, persistentVolumeClaim, ephemeral } =
    volume
  if (emptyDir?.sizeLimit && parseMilli(emptyDir.sizeLimit) < 0n) {
    errors.forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity')
  }
  if (hostPath) validateHostPath(hostPath, `${path}.hostPath`, errors)
  if (secret) {
    if (!secret.secretName) errors.required(`${path}.secret.secretName`)
    validateFiles(secret, `${path}.secret`, errors)
  }
  if (configMap) {
    if (!configMap.name) errors.required(`${path}.configMap.name`)
    validateFiles(configMap, `${path}.configMap`, errors)
  }
  if (downwardAPI) {
    validateFileMode(downwardAPI.defaultMode, `${path}.downwardAPI.defaultMode`, errors)
    validateDownwardFiles(downwardAPI.items, `${path}.downwardAPI`, errors)
  }
  if (projected) {
    validateFileMode(projected.defaultMode, `${path}.projected.defaultMode`, errors)
    for (const [index, source] of (projected.sources ?? []).entries()) {
      validateProjection(source, `${path}.projected.sources[${index}]`, errors)
    }
    validateDistinctPaths(projected.sources ?? [], `${path}.projected`, errors)
  }
  if (ephemeral) {
    const { volumeClaimTemplate: template } = ephemeral
    const at = `${path}.ephemeral.volumeClaimTemplate`
    if (template) validateClaimSpec(template.spec, `${at}.spec`, errors)
    else errors.required(at)
  }
  if (nfs && !nfs.server) errors.required(`${path}.nfs.server`)
  if (nfs && !nfs.path) errors.required(`${path}.nfs.path`)
  if (persistentVolumeClaim && !persistentVolumeClaim.claimName)
    errors.required(`${path}.persistentVolumeClaim.claimName`)
}

export function validateHostPath(source: { path: string; type?: string }, path: string, errors: FieldErrors): void {
  if (!source.path) errors.required(`${path}.path`)
  else validateNoParent(source.path, `${path}.path`, errors)
  if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type)) {
    errors.notSupported(`${path}.type`, source.type, HOST_PATH_TYPES)
  }
}

interface Files {
  items?: KeyToPath[]
  defaultMode?: number
}

function validateFiles({ items = [], defaultMode }: Files, path: string, errors: FieldErrors): void {
  validateFileMode(defaultMode, `${path}.defaultMode`, errors)
  for (const [index, { key, path: file, mode }] of items.entries()) {
    const at = `${path}.items[${index}]`
    if (!key) errors.required(`${at}.key`)
    if (!file) errors.required(`${at}.path`)
    else validateFilePath(file, `${at}.path`, errors)
    validateFileMode(mode, `${at}.mode`, errors)
  }
}

function validateDownwardFiles(items: readonly DownwardAPIVolumeFile[] = [], path: string, errors: FieldErrors): void {
  for (const [index, item] of items.entries()) {
    const at = `${path}.items[${index}]`
    if (!item.path) errors.required(`${path}.path`)
    else validateFilePath(item.path, `${at}.path`, errors)
    validateFileMode(item.mode, `${at}.mode`, errors)
    if (item.fieldRef && item.resourceFieldRef) errors.invalid(at, 'resource', NOT_BOTH_REFERENCES)
    if (item.fieldRef) validateFieldRef(item.fieldRef, FILE_FIELDS, `${at}.fieldRef`, errors)
    else if (item.resourceFieldRef) {
      if (!item.resourceFieldRef.containerName) errors.required(`${at}.resourceFieldRef.containerName`)
      validateResourceFieldRef(item.resourceFieldRef, `${at}.resourceFieldRef`, errors)
    } else errors.required(at, 'one of fieldRef and resourceFieldRef is required')
  }
}

function validateProjection(source: VolumeProjection, path: string, errors: FieldErrors): void {
  const [first, ...others] = Object.keys(source)
  if (!first) errors.required(path, 'must specify a projection type')
  for (const other of others) errors.forbidden(`${path}.${other}`, 'may not specify more than 1 volume type per source')
  for (const type of ['secret', 'configMap'] as const) {
    const projection = source[type]
    if (projection && !projection.name) errors.required(`${path}.${type}.name`)
    if (projection) validateFiles(projection, `${path}.${type}`, errors)
  }
  if (source.downwardAPI) validateDownwardFiles(source.downwardAPI.items, `${path}.downwardAPI`, errors)
  if (source.serviceAccountToken && !source.serviceAccountToken.path) {
    errors.required(`${path}.serviceAccountToken.path`)
  }
}

/** Of those that are named: all keys of an object may still come to the path of another's. */
function validateDistinctPaths(sources: readonly VolumeProjection[], path: string, errors: FieldErrors): void {
  const paths = new Set<string>()
  for (const { secret, configMap, downwardAPI } of sources) {
    const of = (secret ?? configMap)?.name
    for (const item of (secret ?? configMap ?? downwardAPI)?.items ?? []) {
      if (paths.has(item.path)) errors.invalid(path, of ?? item.path, 'conflicting duplicate paths')
      if (item.path) paths.add(item.path)
    }
  }
}
