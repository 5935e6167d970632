import type { ContainerResources, ContainerState, SandboxState } from '../runtime.ts'
import { CPU_PERIOD_US } from './container-config.ts'
import type { MountPoint } from './container-mounts.ts'
import { annotationsOf, LABELS, podOf } from './labels.ts'
import type { DockerMount } from './mounts.ts'
import { startError } from './start-error.ts'
import { stopSignal } from './stop-signal.ts'

/** The part of Docker's answer about a container that is read here. */
export interface ContainerInspect {
  Id: string
  Created: string
  Image: string
  State: {
    Status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
    Running: boolean
    Pid?: number
    ExitCode: number
    OOMKilled: boolean
    Error: string
    StartedAt: string
    FinishedAt: string
  }
  Mounts?: MountPoint[]
  Config: {
    Labels: Record<string, string> | null
    Cmd?: string[] | null
    Tty: boolean
    OpenStdin?: boolean
    StopSignal?: string
    User?: string
  }
  LogPath?: string
  HostConfig: {
    Privileged?: boolean
    NetworkMode?: string
    OomScoreAdj: number
    GroupAdd?: string[] | null
    Mounts?: DockerMount[] | null
    CpuShares?: number
    NanoCpus?: number
    CpuPeriod?: number
    CpuQuota?: number
    Memory?: number
    MemoryReservation?: number
    SecurityOpt?: string[] | null
  }
  NetworkSettings: { Networks: Record<string, { IPAddress?: string }> | null }
}

export function isSandbox({ Config }: ContainerInspect): boolean {
  return Config.Labels?.[LABELS.kind] === 'sandbox'
}

/** Volumes with a name: others are the sandbox's own. */
export function mountsVolumes({ HostConfig }: ContainerInspect): boolean {
  return (HostConfig.Mounts ?? []).some(({ Type, Source }) => Type === 'volume' && Source)
}

export function sandboxState(found: ContainerInspect): SandboxState {
  const addresses = Object.values(found.NetworkSettings.Networks ?? {}).map(({ IPAddress }) => IPAddress)
  const given = found.Config.Labels?.[LABELS.address]
  const ip = given ?? addresses.find((address) => address)
  const { Running, Pid } = found.State
  return {
    id: found.Id,
    pod: podOf(found.Config.Labels ?? {}),
    running: Running,
    createdAt: found.Created,
    ...(Running && ip ? { ip } : {}),
    ...(Running && given && Pid ? { process: Pid } : {}),
  }
}

export function containerState(found: ContainerInspect): ContainerState {
  const labels = found.Config.Labels ?? {}
  return {
    id: found.Id,
    pod: podOf(labels),
    sandboxId: labels[LABELS.sandbox] ?? '',
    name: labels[LABELS.containerName] ?? '',
    restartCount: Number(labels[LABELS.restartCount] ?? 0),
    specHash: labels[LABELS.specHash] ?? '',
    annotations: annotationsOf(labels),
    image: labels[LABELS.image] ?? '',
    imageId: labels[LABELS.imageDigest] || found.Image,
    createdAt: found.Created,
    resources: resourcesOf(found),
    stopSignal: stopSignal(found.Config.StopSignal),
    state: stateOf(found),
  }
}

/** What the kernel cannot limit is shown as it was asked for. */
function resourcesOf({ HostConfig, Config }: ContainerInspect): ContainerResources {
  const { CpuShares, CpuPeriod, CpuQuota, Memory } = HostConfig
  const asked = JSON.parse(Config.Labels?.[LABELS.resources] ?? '{}') as ContainerResources
  const limitMilli = Math.round(((CpuQuota ?? 0) * 1000) / (CpuPeriod || CPU_PERIOD_US))
  return {
    ...asked,
    ...(CpuShares ? { cpuShares: CpuShares } : {}),
    ...(limitMilli > 0 ? { cpuLimitMilli: limitMilli } : {}),
    ...(Memory ? { memoryLimitBytes: Memory } : {}),
  }
}

function stateOf({ Created, State, HostConfig }: ContainerInspect): ContainerState['state'] {
  const { Status, Running, ExitCode, OOMKilled, StartedAt, FinishedAt } = State
  if (Running) return { phase: 'running', startedAt: StartedAt }
  if (Status === 'created' && ExitCode === 0) return { phase: 'created' }
  const neverRan = isNever(FinishedAt)
  const startedAt = isNever(StartedAt) ? Created : StartedAt
  return {
    phase: 'exited',
    startedAt,
    finishedAt: neverRan ? startedAt : later(startedAt, FinishedAt),
    exitCode: ExitCode,
    oomKilled: OOMKilled,
    ...(neverRan
      ? { error: startError(State.Error, HostConfig.SecurityOpt) || 'the container could not be started' }
      : {}),
  }
}

/** Docker may note the start of a container that ends at once a little after its end. */
function later(startedAt: string, finishedAt: string): string {
  return Date.parse(finishedAt) < Date.parse(startedAt) ? startedAt : finishedAt
}

/** Docker's zero time. */
function isNever(time: string): boolean {
  return time === '' || time.startsWith('0001-')
}
