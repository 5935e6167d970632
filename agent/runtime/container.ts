import type { Device } from '../devices/device.ts'
import type { PodIdentity } from './pod-identity.ts'
import type { Namespaces } from './sandbox.ts'
import type { VolumeMount } from './volume-spec.ts'

export const MAX_TERMINATION_MESSAGE_BYTES = 4096

export interface ContainerSpec {
  pod: PodIdentity
  sandboxId: string
  /** The container's name in the Pod. */
  name: string
  /** How often this container of the Pod was started before. */
  restartCount: number
  /** Tells whether the running container still is what the Pod's spec asks for. */
  specHash: string
  /** As the Pod's spec names it. */
  image: string
  imageId: string
  /** `name@sha256:...`, as a registry knows it; absent where it came from none. */
  imageDigest?: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env: Variable[]
  /** What Secrets say, beside `env`: neither this nor what is made of it is on a disk of the machine. */
  secretEnv?: Variable[]
  /** `command` or `args` hold something of Secrets, too. */
  hasSecretCommand?: boolean
  resources: ContainerResources
  /** How readily the kernel ends it when memory runs out, from -1000 (never) to 1000; as near as the runtime can. */
  oomScoreAdj: number
  /** Of the machine. */
  devices?: Device[]
  tty: boolean
  stdin: boolean
  stdinOnce: boolean
  mounts: VolumeMount[]
  /** As its sandbox has them. */
  namespaces?: Namespaces
  /** The id of a running container whose processes it shall see, whatever `namespaces` says. */
  processesOf?: string
  securityContext?: ContainerSecurity
  stopSignal?: string
  /** An empty file to be found there, which the sandbox keeps; `file` tells those of a Pod's containers apart. */
  terminationMessage?: { path: string; file: number }
  /** More facts to keep with the container, such as its grace period. */
  annotations: Record<string, string>
}

/** Of the environment of a container's processes. */
export interface Variable {
  name: string
  value: string
}

export interface ContainerSecurity {
  /** `uid` or `uid:gid`, by name or number; absent where the image does not say either. */
  user?: string
  supplementalGroups?: number[]
  /** It is not in the groups of which the image says that its user is a member. */
  ignoresImageGroups?: boolean
  readOnlyRootFilesystem?: boolean
  privileged?: boolean
  /** With or without `CAP_`; `ALL` for all. */
  addCapabilities?: string[]
  dropCapabilities?: string[]
  noNewPrivileges?: boolean
  seccomp?: SecurityProfile
  appArmor?: SecurityProfile
  /** Counts for nothing where the machine has no SELinux. */
  seLinux?: { user?: string; role?: string; type?: string; level?: string }
}

/** `runtimeDefault` is what the runtime confines containers to unless told otherwise. */
export type SecurityProfile =
  | { type: 'runtimeDefault' }
  | { type: 'unconfined' }
  /** One that is on the machine under that name. */
  | { type: 'localhost'; name: string }

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
  /** The sandbox that it was made for, which may be gone. */
  sandboxId: string
  name: string
  restartCount: number
  specHash: string
  annotations: Record<string, string>
  /** As the spec named it. */
  image: string
  /** `sha256:...`, or with the repository where the registry gave a digest. */
  imageId: string
  createdAt: string
  /** As the runtime limits it now. */
  resources: ContainerResources
  /** The signal that asks it to end, such as `SIGTERM`. */
  stopSignal: string
  /** As whom its process begins, where that is known. */
  user?: ContainerUser
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

/** The kernel's numbers. */
export interface ContainerUser {
  uid: number
  gid: number
  /** With `gid` first. */
  supplementalGroups: number[]
}

export type NotedContainer = Pick<ContainerState, 'id' | 'sandboxId'>

export interface LogOptions {
  follow: boolean
  timestamps: boolean
  tailLines?: number
  /** RFC 3339 */
  since?: string
}
