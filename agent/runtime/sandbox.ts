import type { PodIdentity } from './pod-identity.ts'
import { RuntimeFailure } from './runtime-failure.ts'
import type { VolumeSpec } from './volume-spec.ts'

/** Whose namespaces the containers of a Pod use, beside the network: unless told, their own processes, the Pod's IPC and hostname. */
export interface Namespaces {
  processes: 'container' | 'pod' | 'node'
  ipc: 'pod' | 'node'
  hostname: 'pod' | 'node'
}

export interface PublishedPort {
  containerPort: number
  hostPort: number
  hostIP?: string
  protocol: 'TCP' | 'UDP' | 'SCTP'
}

export interface SandboxSpec {
  pod: PodIdentity
  hostname: string
  /** What follows the hostname in the Pod's full name. */
  domain?: string
  dns?: { servers: string[]; searches: string[]; options: string[] }
  hosts: { ip: string; hostnames: string[] }[]
  ports: PublishedPort[]
  /** Uses the machine's own network. */
  hostNetwork: boolean
  /** What it shall have in the Pods' network, and nobody else; chosen by the runtime where it is absent. */
  address?: string
  /**
   * Who links it to that network: the runtime, unless told that the agent does, which is only possible with an `address` and
   * `dns`, and where no port is published.
   */
  linkedBy?: 'runtime' | 'agent'
  namespaces?: Namespaces
  /** Some container in it is privileged. */
  privileged?: boolean
  /** Kernel parameters of its network and IPC namespaces. */
  sysctls?: Record<string, string>
  /** Some container in it is to have Secrets in its environment. */
  hasSecrets?: boolean
  /** What containers may mount; those of the Pod's own live as long as it does. */
  volumes: VolumeSpec[]
}

export interface SandboxState {
  id: string
  pod: PodIdentity
  running: boolean
  createdAt: string
  /** While it runs. Where the agent links it, the one that it was given: it may not be there yet. */
  ip?: string
  /** While it runs, where the agent links it: the number on the machine of a process that has its network. */
  process?: number
}

/** Throws where the spec leaves to the agent what only the runtime can do. */
export function refuseUnlinkable({ linkedBy, hostNetwork, address, dns, ports }: SandboxSpec): void {
  if (linkedBy !== 'agent') return
  if (!hostNetwork && address !== undefined && dns !== undefined && ports.length === 0) return
  throw new RuntimeFailure('invalid', 'a sandbox that the agent links needs an address and dns, and publishes no port')
}
