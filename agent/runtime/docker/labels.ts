import type { PodIdentity } from '../runtime.ts'

/** The labels by which Kubette knows what is its own. Everything it makes in a Docker carries `cluster`. */
export const LABELS = {
  cluster: 'kubette.dev/cluster',
  node: 'kubette.dev/node',
  /** `sandbox`, `container`, `volume`, `memory-volume`, `claim`, `network`, `network-container`, `image` or `probe`. */
  kind: 'kubette.dev/kind',
  sandbox: 'kubette.dev/sandbox-id',
  restartCount: 'kubette.dev/restart-count',
  specHash: 'kubette.dev/spec-hash',
  /** What was asked for: a kernel that cannot limit something does not show it. */
  resources: 'kubette.dev/resources',
  image: 'kubette.dev/image',
  imageDigest: 'kubette.dev/image-digest',
  volume: 'kubette.dev/volume',
  /** Of a sandbox that the agent links: Docker knows of no address. */
  address: 'kubette.dev/address',
  messagePath: 'kubette.dev/termination-message-path',
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  /** The name of a container that is the node's own and no Pod's. */
  networkContainer: 'kubette.dev/network-container',
  containerName: 'io.kubernetes.container.name',
} as const

export type Labels = Record<string, string>

const ANNOTATION_PREFIX = 'annotation.'

/** Whose things an agent makes and sees. Several nodes may share one Docker. */
export interface Ownership {
  clusterId: string
  nodeName: string
}

export function ownerLabels({ clusterId, nodeName }: Ownership): Labels {
  return { [LABELS.cluster]: clusterId, [LABELS.node]: nodeName }
}

export function podLabels({ uid, namespace, name }: PodIdentity): Labels {
  return { [LABELS.podUid]: uid, [LABELS.podNamespace]: namespace, [LABELS.podName]: name }
}

export function podOf(labels: Labels): PodIdentity {
  return {
    uid: labels[LABELS.podUid] ?? '',
    namespace: labels[LABELS.podNamespace] ?? '',
    name: labels[LABELS.podName] ?? '',
  }
}

export function annotationLabels(annotations: Record<string, string>): Labels {
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${ANNOTATION_PREFIX}${key}`, value]))
}

export function annotationsOf(labels: Labels): Record<string, string> {
  const own = Object.entries(labels).filter(([key]) => key.startsWith(ANNOTATION_PREFIX))
  return Object.fromEntries(own.map(([key, value]) => [key.slice(ANNOTATION_PREFIX.length), value]))
}

/** A filter of Docker's API for things that carry all of these labels. */
export function labelFilter(labels: Labels): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`)
}
