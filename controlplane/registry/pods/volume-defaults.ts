import type { DownwardAPIVolumeFile, Volume } from '../../../shared/api/generated/core-v1.ts'
import { applyClaimDefaults } from '../storage/claim-spec.ts'

const FILE_MODE = 0o644
const TOKEN_SECONDS = 3600

/** A volume that does not say what it is, is an emptyDir. */
export function applyVolumeDefaults(volume: Volume): void {
  if (Object.keys(volume).every((field) => field === 'name')) volume.emptyDir = {}
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= FILE_MODE
  }
  if (volume.hostPath) volume.hostPath.type ??= ''
  if (volume.ephemeral?.volumeClaimTemplate) applyClaimDefaults(volume.ephemeral.volumeClaimTemplate.spec)
  applyFileDefaults(volume.downwardAPI?.items)
  for (const source of volume.projected?.sources ?? []) {
    applyFileDefaults(source.downwardAPI?.items)
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= TOKEN_SECONDS
  }
}

function applyFileDefaults(files: DownwardAPIVolumeFile[] = []): void {
  for (const { fieldRef, resourceFieldRef } of files) {
    if (fieldRef) fieldRef.apiVersion ??= 'v1'
    if (resourceFieldRef) resourceFieldRef.divisor ??= '0'
  }
}
