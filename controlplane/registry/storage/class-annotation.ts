import type { PersistentVolume, PersistentVolumeClaim } from '../../../shared/api/kinds.ts'

/** The way to name the class before there was a field. */
const ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

/** Fills the field from the annotation, which decides where both are there. */
export function applyClassAnnotation({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): void {
  const name = metadata.annotations?.[ANNOTATION]
  if (name !== undefined) spec.storageClassName = name
}

/** What the sender of the annotation is told. */
export function classAnnotationWarnings({ metadata }: PersistentVolume | PersistentVolumeClaim): string[] {
  if (metadata.annotations?.[ANNOTATION] === undefined) return []
  return [`metadata.annotations[${ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`]
}
