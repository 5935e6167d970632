import type { Volume, VolumeMount } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateRelativePath } from './file-path-validation.ts'

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None']

export function validateVolumeMounts(
  mounts: readonly VolumeMount[],
  volumes: readonly Volume[],
  path: string,
  errors: FieldErrors,
): void {
  const mountPaths = new Set<string>()
  for (const [index, mount] of mounts.entries()) {
    const at = `${path}[${index}]`
    if (!mount.name) errors.required(`${at}.name`)
    if (!volumes.some(({ name }) => name === mount.name)) errors.notFound(`${at}.name`, mount.name)
    if (!mount.mountPath) errors.required(`${at}.mountPath`)
    if (mountPaths.has(mount.mountPath)) errors.invalid(`${at}.mountPath`, mount.mountPath, 'must be unique')
    mountPaths.add(mount.mountPath)
    validateSubPath(mount, at, errors)
    if (mount.mountPropagation) errors.oneOf(`${at}.mountPropagation`, mount.mountPropagation, PROPAGATIONS)
  }
}

function validateSubPath({ subPath, subPathExpr }: VolumeMount, path: string, errors: FieldErrors): void {
  if (subPath) validateRelativePath(subPath, `${path}.subPath`, errors)
  if (!subPathExpr) return
  if (subPath) errors.invalid(`${path}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive')
  validateRelativePath(subPathExpr, `${path}.subPathExpr`, errors)
}
