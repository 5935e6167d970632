import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import type { AdmissionCheck } from './pod-admission.ts'

/** A Pod that is to be confined by AppArmor does not run where there is none. */
export const refuseAppArmor: AdmissionCheck = (pod, { hasAppArmor }) => {
  if (hasAppArmor !== false || !needsAppArmor(pod)) return undefined
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' }
}

function needsAppArmor({ spec }: Pod): boolean {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]
  const profiles = [spec, ...all].map((holder) => holder?.securityContext?.appArmorProfile)
  return profiles.some((profile) => profile !== undefined && profile.type !== 'Unconfined')
}
