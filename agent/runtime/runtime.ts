import type { Readable } from 'node:stream'
import type { PodNetwork } from '../network/pod-network.ts'
import type { ContainerResources, ContainerSpec, ContainerState, LogOptions, NotedContainer } from './container.ts'
import type { ContainerProcess, ExecProcess, ExecResult, PortConnection, ProcessStreams } from './container-process.ts'
import type { ImageState, RegistryCredentials } from './image.ts'
import type { NetworkContainer, NetworkContainerSpec, NetworkScope } from './network-container.ts'
import type { OtherContainer } from './other-container.ts'
import type { PodIdentity } from './pod-identity.ts'
import type { SandboxSpec, SandboxState } from './sandbox.ts'
import type { SocketRelay } from './socket-relay.ts'
import type { ContainerUsage, DiskUsage } from './usage.ts'
import type { HostPath, VolumeFile } from './volume-spec.ts'

export {
  type ContainerResources,
  type ContainerSecurity,
  type ContainerSpec,
  type ContainerState,
  type ContainerUser,
  type LogOptions,
  MAX_TERMINATION_MESSAGE_BYTES,
  type NotedContainer,
  type SecurityProfile,
  type Variable,
} from './container.ts'
export type {
  ContainerProcess,
  ExecProcess,
  ExecResult,
  PortConnection,
  ProcessOutput,
  ProcessStreams,
} from './container-process.ts'
export type { ImageState, RegistryCredentials } from './image.ts'
export type { NetworkContainer, NetworkContainerSpec, NetworkScope } from './network-container.ts'
export type { OtherContainer } from './other-container.ts'
export type { PodIdentity } from './pod-identity.ts'
export { RuntimeFailure } from './runtime-failure.ts'
export type { Namespaces, PublishedPort, SandboxSpec, SandboxState } from './sandbox.ts'
export type { ContainerUsage, DiskUsage } from './usage.ts'
export type { HostPath, HostPathType, VolumeFile, VolumeMount, VolumeSpec } from './volume-spec.ts'

/**
 * A container runtime: sandboxes (a Pod's shared network and IPC namespaces) and containers in them. One contract
 * suite (test/contracts/runtime.ts) holds for every implementation. Touches nothing that it did not make itself.
 * All methods reject with RuntimeFailure; `notFound` of stop, kill and remove counts as done.
 */
export interface Runtime {
  version(): Promise<RuntimeInfo>

  /** All there is of this node, in any state, whoever started it; of one Pod only where `podUid` is given. */
  list(podUid?: string): Promise<RuntimeListing>
  /** The sandboxes and containers of which `list` would tell, by Pod UID and then by id: whether each runs. One call, however many there are. */
  glance(): Promise<Map<string, PodGlance>>

  /**
   * Makes sure that the network is there that new sandboxes join from now on; those that run stay in theirs. Resolves with
   * it as it is: one that was there may have another gateway and MTU. Rejects with `conflict` where it has another range or
   * bridge, and where its addresses are somebody else's on this machine.
   */
  ensurePodNetwork(network: PodNetwork): Promise<PodNetwork>
  /** As it is, if it is there. */
  podNetwork(name: string): Promise<PodNetwork | undefined>

  /** Rejects with `conflict` where the node has one of that name, running or not. Resolves with its id. */
  runNetworkContainer(spec: NetworkContainerSpec): Promise<string>
  /** All of this node, or of all nodes of the cluster on this machine, whoever started them; `list` has none of them. */
  networkContainers(scope?: NetworkScope): Promise<NetworkContainer[]>
  /** Ends and removes it. */
  removeNetworkContainer(id: string): Promise<void>
  /** Which of them started, ended or went, by name; otherwise as `events`. */
  networkEvents(signal: AbortSignal, scope?: NetworkScope): AsyncIterable<{ name: string }>

  /** Creates what volumes are missing, creates the sandbox and starts it. Resolves with the address the Pod then has. */
  runSandbox(spec: SandboxSpec): Promise<SandboxState>
  /**
   * True where the machine shows that a sandbox which ran when it was listed has ended: for when the runtime itself does not
   * answer. False also where that cannot be seen. Never rejects.
   */
  hasEnded(sandbox: SandboxState): Promise<boolean>
  /** Ends the sandbox and frees its address and ports; containers that ended in it stay, for their logs. */
  stopSandbox(id: string): Promise<void>
  /** Ends and removes the sandbox. Containers that ran in it stay until they are removed. */
  removeSandbox(id: string): Promise<void>

  /** Rejects with code `mount` where one of its mounts cannot be. */
  createContainer(spec: ContainerSpec): Promise<string>
  startContainer(id: string): Promise<void>
  /** Gives a running container other resources, at once and without a restart. */
  updateContainer(id: string, resources: ContainerResources): Promise<void>
  /** Sends its stop signal (TERM unless told otherwise). Does not wait: an event tells that it has exited. */
  stopContainer(id: string): Promise<void>
  /** Sends KILL. Does not wait either. */
  killContainer(id: string): Promise<void>
  /** Kills it if it runs, and removes it with its log. */
  removeContainer(id: string): Promise<void>
  /**
   * Puts files into a `files` volume of a running sandbox, instead of those that it has: who reads sees all of the old
   * ones or all of the new. False where it has them already.
   */
  writeVolume(sandboxId: string, volume: string, files: readonly VolumeFile[]): Promise<boolean>
  /** What an ended container left at its `terminationMessage.path`: the last 4096 bytes; undefined where it could leave none. */
  terminationMessage(id: string, signal: AbortSignal): Promise<string | undefined>
  /**
   * Keeps a short text with a container, instead of the one before, until its sandbox is removed. No container can reach
   * it. Rejects where the sandbox is gone.
   */
  keepNote(container: NotedContainer, note: string): Promise<void>
  /** What this agent or an earlier one kept; undefined where that is nothing. */
  note(container: NotedContainer): Promise<string | undefined>
  /** What is at an absolute path of the machine on which containers run. Touches nothing. */
  hostPath(path: string): Promise<HostPath>
  /** Makes an empty directory (0755, and those above it) or file (0644) there, where nothing is. */
  createHostPath(path: string, type: 'Directory' | 'File'): Promise<void>
  /** Paths of the machine that give power over the runtime itself: its socket and its data. Without symbolic links. */
  ownPaths(): Promise<string[]>
  /** Removes the data of a claim; `conflict` while something still mounts it. Done where there is none of this node. */
  removeClaimVolume(id: string): Promise<void>
  /** Removes the Pod's volumes; its containers and sandboxes must be gone. */
  removeVolumes(podUid: string): Promise<void>

  /** What these containers use, by id; those that are not here or do not run are left out. */
  usage(ids: readonly string[]): Promise<Map<string, ContainerUsage>>

  /** What runs beside this node's containers, whoever started it. Touches nothing. */
  otherContainers(): Promise<OtherContainer[]>

  /** What the Pod's containers and volumes occupy of the disk. Slow where much was written. */
  diskUsage(podUid: string): Promise<DiskUsage>

  /** Runs a command in a running container; rejects with code `timeout` when it does not end in time. */
  exec(id: string, command: string[], timeoutMs: number): Promise<ExecResult>
  /** Whether a command that was begun with `exec`, by whichever agent, runs in a container. */
  isExecuting(id: string, command: string[]): Promise<boolean>
  /** Starts a command in a running container and gives its streams. `signal` lets go of it, which does not end it. */
  openExec(id: string, command: string[], streams: ProcessStreams, signal: AbortSignal): Promise<ExecProcess>
  /**
   * Joins the streams of a running container's own process. The first to join one that was created with `stdin` gets
   * what it has written since its start, too, unless that was more than somebody at a terminal would have read.
   */
  attach(id: string, streams: ProcessStreams, signal: AbortSignal): Promise<ContainerProcess>
  /** Connects to a port of the loopback of a running sandbox, IPv4 first. Rejects where nobody listens, with the reason. */
  connect(sandboxId: string, port: number, signal: AbortSignal): Promise<PortConnection>

  /**
   * Begins to use the sockets of a running sandbox that has a network of its own, or of a network container, and ends what
   * used them before; `signal` closes them. Rejects with code `notFound` where it does not run, and `invalid` where it
   * is a sandbox on the machine's network, or one that an older version made.
   */
  openSockets(id: string, signal: AbortSignal): Promise<SocketRelay>

  /** The image's details if it is here. */
  inspectImage(reference: string): Promise<ImageState | undefined>
  /**
   * Takes a name off an image, and removes the image with its last name. Nothing happens where a container uses it
   * (`inUse`), or where the name is not that image's any more (`other`).
   */
  removeImage(reference: string, id: string): Promise<'removed' | 'inUse' | 'other'>
  /** Images on this node, for Node.status.images. */
  listImages(): Promise<ImageState[]>
  /** Rejects with code `imagePull` and why, or `registryUnavailable` where the registry says so; `signal` gives up. */
  pullImage(reference: string, signal: AbortSignal, credentials?: RegistryCredentials): Promise<ImageState>

  /**
   * A container's output from its log. Ends at the end of the log, or with `follow` when the container has ended.
   * Chunks are whole or part lines; each line begins with an RFC 3339 nanosecond time and a space if `timestamps`.
   */
  logs(id: string, options: LogOptions, signal: AbortSignal): Promise<Readable>

  /**
   * Which Pods changed (by UID), until `signal` aborts; nothing that changes after the call is left out. Rejects or
   * ends when the connection is lost: call again, then list.
   */
  events(signal: AbortSignal): AsyncIterable<{ podUid: string }>
}

export interface RuntimeListing {
  sandboxes: SandboxState[]
  containers: ContainerState[]
  /** Pods that have volumes here. */
  volumes: { pod: PodIdentity; name: string }[]
}

export type PodGlance = ReadonlyMap<string, boolean>

export interface RuntimeInfo {
  /** Such as `docker`. */
  name: string
  version: string
  operatingSystem: string
  osImage: string
  kernelVersion: string
  architecture: string
  cpus: number
  memoryBytes: number
  /** All that it runs, whoever started them. */
  runningContainers: number
  /** Whether it confines containers by AppArmor profiles. */
  hasAppArmor: boolean
  /** Where on the machine it keeps containers and images. */
  dataRoot: string
}
