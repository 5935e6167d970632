import type { KubeObject } from '../../../shared/api/object.ts'

/** Adds a finalizer that every object of the kind has from the beginning. */
export function withFinalizer({ metadata }: KubeObject, finalizer: string): void {
  const finalizers = metadata.finalizers ?? []
  if (!finalizers.includes(finalizer)) metadata.finalizers = [...finalizers, finalizer]
}
