/**
 * A deep copy that may be changed, as JSON would have it: fields that are undefined or null are left out, for in
 * Kubernetes a null field is one that is not given.
 */
export function cloneJson<T>(value: T): T {
  return clone(value) as T
}

function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const [key, part] of Object.entries(value)) {
    if (part !== undefined && part !== null) setOwn(copy, key, clone(part))
  }
  return copy
}

/** `__proto__` is a legal key of a ConfigMap, and must not become one's prototype. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}
