import type { Deployment, ReplicaSet } from './generated/apps-v1.ts'
import type { Lease } from './generated/coordination-v1.ts'
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
} from './generated/core-v1.ts'
import type { EndpointSlice } from './generated/discovery-v1.ts'
import type { PriorityClass } from './generated/scheduling-v1.ts'
import type { StorageClass } from './generated/storage-v1.ts'
import type { KubeObject } from './object.ts'

export type {
  ConfigMap,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  Lease,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PriorityClass,
  ReplicaSet,
  Secret,
  Service,
  StorageClass,
}

/** One row of the API: everything that is true of a kind and needs no code. */
export interface Kind<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** Of one that Kubernetes deprecates: since when, and what takes its place. */
  readonly deprecated?: string
  /** Its type's name in schema.json, such as `core.v1.Pod`. */
  readonly type: string
  /** Carries the object type; never set. */
  readonly object?: T
}

function kind<T extends KubeObject>(
  type: string,
  plural: string,
  more: { shortNames?: string[]; categories?: string[]; namespaced?: boolean; deprecated?: string } = {},
): Kind<T> {
  const [groupName = '', version = '', name = ''] = type.split('.')
  const group = GROUP_DOMAINS[groupName] ?? groupName
  return {
    group,
    version,
    kind: name,
    plural,
    singular: name.toLowerCase(),
    shortNames: more.shortNames ?? [],
    categories: more.categories ?? [],
    namespaced: more.namespaced ?? true,
    ...(more.deprecated ? { deprecated: more.deprecated } : {}),
    type,
  }
}

const GROUP_DOMAINS: Record<string, string> = {
  core: '',
  coordination: 'coordination.k8s.io',
  discovery: 'discovery.k8s.io',
  scheduling: 'scheduling.k8s.io',
  storage: 'storage.k8s.io',
}

export const NAMESPACES = kind<Namespace>('core.v1.Namespace', 'namespaces', { shortNames: ['ns'], namespaced: false })
export const NODES = kind<Node>('core.v1.Node', 'nodes', { shortNames: ['no'], namespaced: false })
export const PODS = kind<Pod>('core.v1.Pod', 'pods', { shortNames: ['po'], categories: ['all'] })
export const EVENTS = kind<Event>('core.v1.Event', 'events', { shortNames: ['ev'] })
export const CONFIG_MAPS = kind<ConfigMap>('core.v1.ConfigMap', 'configmaps', { shortNames: ['cm'] })
export const SECRETS = kind<Secret>('core.v1.Secret', 'secrets')
export const REPLICA_SETS = kind<ReplicaSet>('apps.v1.ReplicaSet', 'replicasets', {
  shortNames: ['rs'],
  categories: ['all'],
})
export const DEPLOYMENTS = kind<Deployment>('apps.v1.Deployment', 'deployments', {
  shortNames: ['deploy'],
  categories: ['all'],
})
export const PERSISTENT_VOLUMES = kind<PersistentVolume>('core.v1.PersistentVolume', 'persistentvolumes', {
  shortNames: ['pv'],
  namespaced: false,
})
export const PERSISTENT_VOLUME_CLAIMS = kind<PersistentVolumeClaim>(
  'core.v1.PersistentVolumeClaim',
  'persistentvolumeclaims',
  { shortNames: ['pvc'] },
)
export const STORAGE_CLASSES = kind<StorageClass>('storage.v1.StorageClass', 'storageclasses', {
  shortNames: ['sc'],
  namespaced: false,
})
export const PRIORITY_CLASSES = kind<PriorityClass>('scheduling.v1.PriorityClass', 'priorityclasses', {
  shortNames: ['pc'],
  namespaced: false,
})
export const LEASES = kind<Lease>('coordination.v1.Lease', 'leases')
export const SERVICES = kind<Service>('core.v1.Service', 'services', { shortNames: ['svc'], categories: ['all'] })
export const ENDPOINTS = kind<Endpoints>('core.v1.Endpoints', 'endpoints', {
  shortNames: ['ep'],
  deprecated: 'in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
})
export const ENDPOINT_SLICES = kind<EndpointSlice>('discovery.v1.EndpointSlice', 'endpointslices')

/** Every kind the API serves. A new kind is one line here and a strategy in the registry. */
export const KINDS: readonly Kind[] = [
  NAMESPACES,
  NODES,
  PODS,
  EVENTS,
  CONFIG_MAPS,
  SECRETS,
  REPLICA_SETS,
  DEPLOYMENTS,
  PERSISTENT_VOLUMES,
  PERSISTENT_VOLUME_CLAIMS,
  STORAGE_CLASSES,
  PRIORITY_CLASSES,
  LEASES,
  SERVICES,
  ENDPOINTS,
  ENDPOINT_SLICES,
]

export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group ? `${kind.group}/${kind.version}` : kind.version
}

/** `pods`, or `deployments.apps`: how messages name a resource. */
export function resourceNameOf(kind: Pick<Kind, 'group' | 'plural'>): string {
  return kind.group ? `${kind.plural}.${kind.group}` : kind.plural
}

export function findKind(group: string, version: string, plural: string): Kind | undefined {
  return KINDS.find((kind) => kind.group === group && kind.version === version && kind.plural === plural)
}

export function findKindByName(apiVersion: string, name: string): Kind | undefined {
  return KINDS.find((kind) => apiVersionOf(kind) === apiVersion && kind.kind === name)
}
