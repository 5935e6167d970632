import type { KubeObject, Persisted } from '../../shared/api/object.ts'

const objects = new WeakMap<Uint8Array, unknown>()

/** A stored object, read once however many ask for it. */
export function objectOf<T extends KubeObject>(value: Uint8Array): Persisted<T> {
  const known = objects.get(value) ?? JSON.parse(Buffer.from(value).toString())
  objects.set(value, known)
  return known as Persisted<T>
}
