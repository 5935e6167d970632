import type { Pod, ReplicaSet } from '../../shared/api/kinds.ts'

const PODS = '/registry/pods/'
const SIZED = /^\/registry\/(replicasets|deployments)\.apps\//

/** What matters of an object when a trace is read: where a Pod is and how far, how many a ReplicaSet has of how many. */
export function writeGist(key: string, value: Uint8Array): string {
  if (key.startsWith(PODS)) return podGist(parsed<Pod>(value))
  return SIZED.test(key) ? sizeGist(parsed<ReplicaSet>(value)) : ''
}

function podGist({ metadata, spec, status }: Pod): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
  const parts = [
    spec?.nodeName ?? 'unbound',
    status?.phase,
    ready ? 'ready' : '',
    metadata.deletionTimestamp && 'going',
  ]
  return parts.filter(Boolean).join(' ')
}

function sizeGist({ spec, status = { replicas: 0 } }: ReplicaSet): string {
  const { replicas = 0, availableReplicas = 0 } = status
  return `${replicas} Pods, ${availableReplicas} available, of ${spec?.replicas}`
}

function parsed<T>(value: Uint8Array): T {
  return JSON.parse(Buffer.from(value).toString()) as T
}
