import type { PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import { unhonouredFields } from '../../../shared/pod-fields/unhonoured-fields.ts'
import { appArmorWarnings } from './app-armor-annotations.ts'

/**
 * What the sender of a Pod, or of a template, is told about fields that are accepted and do nothing here, and about
 * annotations that fields have taken the place of. `path` is where it is, with its dot; empty for a Pod.
 */
export function podWarnings(pod: PodTemplateSpec | undefined, path: string): string[] {
  if (!pod?.spec) return []
  const unhonoured = unhonouredFields(pod.spec, `${path}spec`).filter(({ state }) => state === 'warned')
  return [
    ...unhonoured.map(({ path: field, reason }) => `${field}: ${reason}`),
    ...appArmorWarnings(pod.metadata?.annotations, `${path}metadata.annotations`),
  ]
}
