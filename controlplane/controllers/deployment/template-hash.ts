import type { PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import { NAME_ALPHABET } from '../../../shared/random.ts'
import { templateForm } from './template-form.ts'

/**
 * The value of the hash label for a template, at most ten characters. `collisionCount` makes another one of it where
 * the first is taken.
 */
export function templateHash(template: PodTemplateSpec, collisionCount = 0): string {
  const text = collisionCount > 0 ? `${templateForm(template)}#${collisionCount}` : templateForm(template)
  const digits = String(fnv1a(text))
  return [...digits].map((digit) => NAME_ALPHABET[digit.charCodeAt(0) % NAME_ALPHABET.length]).join('')
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
