import type { PodSpec } from '../../../shared/api/generated/core-v1.ts'
import { unhonouredFields } from '../../../shared/pod-fields/unhonoured-fields.ts'

/** What the sender of a Pod, or of a template, is told about fields that are accepted and do nothing here. */
export function podWarnings(spec: PodSpec | undefined, path: string): string[] {
  if (!spec) return []
  return unhonouredFields(spec, path)
    .filter(({ state }) => state === 'warned')
    .map(({ path: field, reason }) => `${field}: ${reason}`)
}
