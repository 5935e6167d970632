import type { KubeObject } from '../../shared/api/object.ts'
import type { WriteOptions } from './registry.ts'
import type { Strategy } from './strategy.ts'

/** Tells whoever wrote the object what its kind has to say of it. */
export function warn(strategy: Strategy, object: KubeObject, options: WriteOptions): void {
  if (!options.warn || !strategy.warnings) return
  for (const warning of strategy.warnings(object)) options.warn(warning)
}
