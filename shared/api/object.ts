import type { LabelSelector, ObjectMeta } from './generated/meta-v1.ts'

export type { LabelSelector, ObjectMeta }

/** Any Kubernetes object, as JSON. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
}

/** The metadata that every object has once the API has accepted it. */
export interface PersistedMeta extends ObjectMeta {
  name: string
  uid: string
  /** The store revision of the last write, in decimal. */
  resourceVersion: string
  /** RFC 3339, whole seconds. */
  creationTimestamp: string
}

/** An object as the API returns it. Shared between readers: treat it as frozen. */
export type Persisted<T extends KubeObject> = T & { apiVersion: string; kind: string; metadata: PersistedMeta }

/** `namespace/name`, or `name` for a kind without namespaces. */
export type ObjectKey = string

export function keyOf(object: { metadata: ObjectMeta }): ObjectKey {
  const { namespace, name = '' } = object.metadata
  return namespace ? `${namespace}/${name}` : name
}

export function splitKey(key: ObjectKey): { namespace?: string; name: string } {
  const slash = key.indexOf('/')
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** The owner reference that marks its holder as managed (`controller: true`), if any. */
export function controllerOf(object: { metadata: ObjectMeta }) {
  return object.metadata.ownerReferences?.find((owner) => owner.controller)
}

/** A deep copy that the caller may change. */
export function draft<T>(object: T): T {
  return structuredClone(object)
}
