import type { Readable } from 'node:stream'

/**
 * A container runtime: sandboxes (a Pod's shared network and IPC namespaces) and containers in them. One contract
 * suite (test/contracts/runtime.ts) holds for every implementation. Touches nothing that it did not make itself.
 * All methods reject with RuntimeFailure; `notFound` of remove and stop counts as done.
 */
export interface Runtime {
  version(): Promise<RuntimeInfo>

  /** Every sandbox and container of this node, in any state, whoever started them. */
  list(): Promise<{ sandboxes: SandboxState[]; containers: ContainerState[] }>
  /** Fresh details of one; undefined where it does not exist. */
  inspectSandbox(id: string): Promise<SandboxState | undefined>
  inspectContainer(id: string): Promise<ContainerState | undefined>

  /** Creates and starts. Resolves with the address that the Pod then has. */
  runSandbox(spec: SandboxSpec): Promise<SandboxState>
  /** Kills what is left in it and removes it with all that belongs to it. */
  removeSandbox(id: string): Promise<void>

  createContainer(spec: ContainerSpec): Promise<string>
  startContainer(id: string): Promise<void>
  /** TERM (or `signal`), then KILL after `graceSeconds`; resolves when it has exited. */
  stopContainer(id: string, graceSeconds: number, signal?: string): Promise<void>
  removeContainer(id: string): Promise<void>

  /** The image's details if it is here. */
  inspectImage(reference: string): Promise<ImageState | undefined>
  /** Images on this node, for Node.status.images. */
  listImages(): Promise<ImageState[]>
  /** Rejects with a RuntimeFailure of code `imagePull` that says why; `signal` gives up. */
  pullImage(reference: string, signal: AbortSignal): Promise<ImageState>

  /**
   * A container's output from its log. Ends at the end of the log, or with `follow` when the container has ended.
   * Chunks are whole or part lines; each line begins with an RFC 3339 nanosecond time and a space if `timestamps`.
   */
  logs(id: string, options: LogOptions, signal: AbortSignal): Promise<Readable>

  /** Which Pods changed (by UID), until `signal` aborts. Rejects or ends when the connection is lost: list, and watch again. */
  events(signal: AbortSignal): AsyncIterable<{ podUid: string }>
}

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
}

/** Which Pod something belongs to; kept in labels. */
export interface PodIdentity {
  uid: string
  namespace: string
  name: string
}

export interface SandboxSpec {
  pod: PodIdentity
  hostname: string
  dns?: { servers: string[]; searches: string[]; options: string[] }
  hosts: { ip: string; hostnames: string[] }[]
  ports: PublishedPort[]
  /** Uses the machine's own network. */
  hostNetwork: boolean
}

export interface PublishedPort {
  containerPort: number
  hostPort: number
  hostIP?: string
  protocol: 'TCP' | 'UDP' | 'SCTP'
}

export interface SandboxState {
  id: string
  pod: PodIdentity
  running: boolean
  createdAt: string
  ip?: string
}

export interface ContainerSpec {
  pod: PodIdentity
  sandboxId: string
  /** The container's name in the Pod. */
  name: string
  /** How often this container of the Pod was started before. */
  restartCount: number
  /** Tells whether the running container still is what the Pod's spec asks for. */
  specHash: string
  imageId: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env: { name: string; value: string }[]
  resources: ContainerResources
  tty: boolean
  stdin: boolean
  securityContext?: {
    user?: string
    readOnlyRootFilesystem?: boolean
    privileged?: boolean
    addCapabilities?: string[]
    dropCapabilities?: string[]
  }
  stopSignal?: string
  /** More facts to keep with the container, such as its grace period. */
  annotations: Record<string, string>
}

export interface ContainerResources {
  /** Relative weight, 1024 for one core. */
  cpuShares?: number
  /** Hard limit in millicores. */
  cpuLimitMilli?: number
  memoryLimitBytes?: number
}

export interface ContainerState {
  id: string
  pod: PodIdentity
  name: string
  restartCount: number
  specHash: string
  annotations: Record<string, string>
  /** As the spec named it. */
  image: string
  /** `sha256:...`, or with the repository where the registry gave a digest. */
  imageId: string
  createdAt: string
  state:
    | { phase: 'created' }
    | { phase: 'running'; startedAt: string }
    | {
        phase: 'exited'
        startedAt: string
        finishedAt: string
        exitCode: number
        signal?: number
        oomKilled: boolean
        /** Why it could not even start, where that is so. */
        error?: string
      }
}

export interface ImageState {
  id: string
  references: string[]
  digests: string[]
  sizeBytes: number
  architecture: string
  /** The user that the image runs as: empty for root. */
  user: string
}

export interface LogOptions {
  follow: boolean
  timestamps: boolean
  tailLines?: number
  /** RFC 3339 */
  since?: string
}

export class RuntimeFailure extends Error {
  readonly code: 'unavailable' | 'notFound' | 'conflict' | 'imagePull' | 'invalid' | 'failed'

  constructor(code: RuntimeFailure['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'RuntimeFailure'
    this.code = code
  }
}
