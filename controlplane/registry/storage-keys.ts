import { type Kind, LEASES, resourceNameOf } from '../../shared/api/kinds.ts'
import type { NamespacedName } from './registry.ts'

/** `/registry/deployments.apps/default/web`, or `/registry/nodes/n1`: the store's key of an object. */
export function storageKey(kind: Kind, { namespace = '', name }: NamespacedName): string {
  return `${storagePrefix(kind, namespace)}${kind.namespaced && !namespace ? '/' : ''}${name}`
}

/** What the keys of all objects of a kind, or of those in one namespace, begin with. */
export function storagePrefix(kind: Kind, namespace?: string): string {
  const all = `/registry/${resourceNameOf(kind)}/`
  return kind.namespaced && namespace ? `${all}${namespace}/` : all
}

/** Heartbeats of nodes: worth nothing after a restart, so the store may keep them in memory. */
export const VOLATILE_PREFIXES: readonly string[] = [storagePrefix(LEASES, 'kube-node-lease')]
