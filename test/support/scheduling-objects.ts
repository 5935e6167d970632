import { Cluster } from '../../controlplane/scheduler/cluster.ts'
import type { ClusterChange } from '../../controlplane/scheduler/cluster-change.ts'
import type { FilterPlugin, ScorePlugin } from '../../controlplane/scheduler/framework.ts'
import type { NodeInfo } from '../../controlplane/scheduler/node-info.ts'
import { type PodInfo, podInfoOf } from '../../controlplane/scheduler/pod-info.ts'
import type { PodSpec, Taint } from '../../shared/api/generated/core-v1.ts'
import type { Node, Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'

export interface NodeShape {
  labels?: Record<string, string>
  taints?: Taint[]
  unschedulable?: boolean
  allocatable?: Record<string, string>
  images?: { names: string[]; sizeBytes: number }[]
}

/** A Node as the API has it: 4 cores, 8 GiB, 110 Pods and its host name as a label, unless told otherwise. */
export function aNode(name: string, shape: NodeShape = {}): Persisted<Node> {
  const { labels, taints, unschedulable, allocatable, images } = shape
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...persisted(name), labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable }, ...(images ? { images } : {}) },
  }
}

export interface PodShape extends Partial<PodSpec> {
  namespace?: string
  labels?: Record<string, string>
  /** The UID of its controller. */
  owner?: string
  /** Requests of its one container. */
  requests?: Record<string, string>
  isTerminating?: boolean
  /** When its node first saw it. */
  startTime?: string
  nominatedNodeName?: string
}

/** A Pod as the API has it, with one container. */
export function aPod(name: string, shape: PodShape = {}): Persisted<Pod> {
  const { namespace = 'default', labels, owner, requests, isTerminating, startTime, nominatedNodeName, ...spec } = shape
  const container = { name: 'main', image: 'web:1', ...(requests ? { resources: { requests } } : {}) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...persisted(name),
      namespace,
      ...(labels ? { labels } : {}),
      ...(owner ? { ownerReferences: [ownedBy(owner)] } : {}),
      ...(isTerminating ? { deletionTimestamp: '2030-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [container], ...spec },
    status: {
      phase: 'Pending',
      ...(startTime ? { startTime } : {}),
      ...(nominatedNodeName ? { nominatedNodeName } : {}),
    },
  }
}

function persisted(name: string) {
  return { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2030-01-01T00:00:00Z' }
}

function ownedBy(uid: string) {
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: uid, uid, controller: true }
}

/** A cluster of these nodes; each Pod goes to the node that its `nodeName` names. */
export function aCluster(nodes: Persisted<Node>[], pods: Persisted<Pod>[] = [], onChange = (_: ClusterChange) => {}) {
  const cluster = new Cluster(onChange)
  for (const node of nodes) cluster.setNode(node)
  for (const pod of pods) cluster.setPod(pod)
  return cluster
}

export function nodeOf(cluster: Cluster, name: string): NodeInfo {
  const node = cluster.nodes.find((node) => node.name === name)
  if (!node) throw new Error(`no node ${name}`)
  return node
}

/** What a plugin says of every node: `ok`, or its reasons. */
export function askFilter(plugin: FilterPlugin, pod: Persisted<Pod>, cluster: Cluster): Record<string, string> {
  const filter = plugin.filter(podInfoOf(pod), cluster)
  const answer = (node: NodeInfo): string => {
    if (filter === undefined) return 'ok'
    if (typeof filter !== 'function') return filter.refusal
    const verdict = filter(node)
    return verdict.ok ? 'ok' : verdict.reasons.join(', ')
  }
  return Object.fromEntries(cluster.nodes.map((node) => [node.name, answer(node)]))
}

/** A plugin's score of every node, 0 to 100; undefined where it has no opinion. */
export function askScore(
  plugin: ScorePlugin,
  pod: Persisted<Pod>,
  cluster: Cluster,
): Record<string, number> | undefined {
  const scorer = plugin.scorer(podInfoOf(pod), cluster.nodes, cluster)
  if (!scorer) return undefined
  const scores = Float64Array.from(cluster.nodes, (node) => scorer.score(node))
  scorer.normalize?.(scores)
  return Object.fromEntries(cluster.nodes.map((node, index) => [node.name, scores[index] as number]))
}

export function infoOf(name: string, shape: PodShape = {}): PodInfo {
  return podInfoOf(aPod(name, shape))
}
