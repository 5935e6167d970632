import type { Container, Volume, VolumeMount } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateRelativePath } from './file-path-validation.ts'

const RECURSIVE_MODES = ['Disabled', 'Enabled', 'IfPossible']
const PRIVILEGED_ONLY = 'Bidirectional mount propagation is available only to privileged containers'
const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None']

export function validateVolumeMounts(
  { volumeMounts = [], securityContext }: Pick<Container, 'volumeMounts' | 'securityContext'>,
  volumes: readonly Volume[],
  path: string,
  errors: FieldErrors,
): void {
  const mountPaths = new Set<string>()
  for (const [index, mount] of volumeMounts.entries()) {
    const at = `${path}[${index}]`
    if (!mount.name) errors.required(`${at}.name`)
    if (!volumes.some(({ name }) => name === mount.name)) errors.notFound(`${at}.name`, mount.name)
    if (!mount.mountPath) errors.required(`${at}.mountPath`)
    if (mountPaths.has(mount.mountPath)) errors.invalid(`${at}.mountPath`, mount.mountPath, 'must be unique')
    mountPaths.add(mount.mountPath)
    validateSubPath(mount, at, errors)
    validatePropagation(mount, securityContext?.privileged ?? false, at, errors)
    validateRecursiveReadOnly(mount, at, errors)
  }
}

function validatePropagation(
  { mountPropagation }: VolumeMount,
  isPrivileged: boolean,
  path: string,
  errors: FieldErrors,
): void {
  if (!mountPropagation) return
  errors.oneOf(`${path}.mountPropagation`, mountPropagation, PROPAGATIONS)
  if (mountPropagation === 'Bidirectional' && !isPrivileged) {
    errors.forbidden(`${path}.mountPropagation`, PRIVILEGED_ONLY)
  }
}

function validateRecursiveReadOnly(mount: VolumeMount, path: string, errors: FieldErrors): void {
  const { recursiveReadOnly, readOnly, mountPropagation = 'None' } = mount
  if (!recursiveReadOnly) return
  errors.oneOf(`${path}.recursiveReadOnly`, recursiveReadOnly, RECURSIVE_MODES)
  if (recursiveReadOnly === 'Disabled') return
  if (!readOnly) errors.forbidden(`${path}.recursiveReadOnly`, 'may only be specified when readOnly is true')
  if (mountPropagation !== 'None') {
    errors.forbidden(
      `${path}.recursiveReadOnly`,
      'may only be specified when mountPropagation is None or not specified',
    )
  }
}

function validateSubPath({ subPath, subPathExpr }: VolumeMount, path: string, errors: FieldErrors): void {
  if (subPath) validateRelativePath(subPath, `${path}.subPath`, errors)
  if (!subPathExpr) return
  if (subPath) errors.invalid(`${path}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive')
  validateRelativePath(subPathExpr, `${path}.subPathExpr`, errors)
}
