import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import { type UnhonouredField, unhonouredFields } from '../../../shared/pod-fields/unhonoured-fields.ts'

export interface RefusedFields {
  /** Kubernetes tells of these with `FailedMount`. */
  volumes: UnhonouredField[]
  others: UnhonouredField[]
}

/**
 * What a Pod asks for and cannot have. The API server accepts none of it; a Pod may still ask for it where another
 * version of the control plane has accepted it. It is not run, rather than run differently.
 */
export function refusedFields({ spec }: Pod): RefusedFields {
  const refused = spec ? unhonouredFields(spec, 'spec').filter(({ state }) => state === 'refused') : []
  const isOfVolume = ({ path }: UnhonouredField) => path.startsWith('spec.volumes[')
  return { volumes: refused.filter(isOfVolume), others: refused.filter((field) => !isOfVolume(field)) }
}

export function refusedMessage(fields: readonly UnhonouredField[]): string {
  return fields.map(({ path, reason }) => `${path}: ${reason}`).join('; ')
}
