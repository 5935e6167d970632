import type { PublishedPort } from './runtime.ts'

/** A container that holds a network namespace for the node itself: it runs nothing but the sandboxes' program. */
export interface NetworkContainerSpec {
  /** Unique on the node, such as `gateway`. */
  name: string
  /** The machine's own network, or an address of the Pods'. */
  network: 'host' | { address: string }
  ports?: readonly PublishedPort[]
  /** Kernel parameters of its network namespace. */
  sysctls?: Readonly<Record<string, string>>
}

/** Whose containers are meant: this node's, or also those of the cluster's other nodes on this machine. */
export type NetworkScope = 'node' | 'machine'

export interface NetworkContainer {
  id: string
  /** As its spec had it. */
  name: string
  running: boolean
  /** Its address in the Pods' network, while it runs. */
  ip?: string
}
