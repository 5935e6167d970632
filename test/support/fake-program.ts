import {
  type ContainerSpec,
  type ContainerState,
  type ContainerUsage,
  type ContainerUser,
  type DiskUsage,
  type ExecResult,
  MAX_TERMINATION_MESSAGE_BYTES,
  type RuntimeInfo,
} from '../../agent/runtime/runtime.ts'
import type { Clock } from '../../shared/clock.ts'
import type { FakeProcess } from './fake-process.ts'

/** What the fake runtime says of itself. */
export const FAKE_INFO: RuntimeInfo = {
  name: 'fake',
  version: '1.0.0',
  operatingSystem: 'linux',
  osImage: 'Fake Linux',
  kernelVersion: '6.0.0',
  architecture: 'amd64',
  cpus: 4,
  memoryBytes: 8 * 2 ** 30,
  runningContainers: 0,
  hasAppArmor: false,
  dataRoot: '/var/lib/fake',
}

/** What a fake container does once started. */
export interface FakeProgram {
  /** Ends by itself so long after its start; absent: runs on. */
  exitAfterMs?: number
  exitCode?: number
  oomKilled?: boolean
  /** Why it cannot even start. */
  startError?: string
  /** Left at its terminationMessagePath. */
  terminationMessage?: string
  /** Written to its log at the start. */
  output?: string
  /** What TERM does: ends it with exit code 0 at once, or later, or nothing. */
  onTerm?: 'ignore' | { afterMs: number; exitCode: number }
  /** What it uses while it runs; of the processor this share of one core all the time. */
  uses?: {
    cores?: number
    workingSetBytes?: number
    processes?: number
    diskBytes?: number
    volumeBytes?: Record<string, number>
  }
  /** What a command run in it says; undefined: it hangs. */
  exec?: (command: string[]) => ExecResult | undefined
  /** What its own process (without a command), or one that is run in it, does with its streams. */
  talk?: (process: FakeProcess, command?: string[]) => void
  /** Who listens on a port of its loopback. */
  listen?: { port: number; serve: (connection: FakeProcess) => void }
}

/** What those of the containers use that run. */
export function usagesOf(
  containers: ReadonlyMap<string, { state: ContainerState; program: FakeProgram }>,
  ids: readonly string[],
  atMs: number,
): Map<string, ContainerUsage> {
  const usages = new Map<string, ContainerUsage>()
  for (const id of ids) {
    const { program, state: { state } = {} } = containers.get(id) ?? {}
    if (state?.phase !== 'running') continue
    const { cores = 0, workingSetBytes = 1_000_000, processes = 1 } = program?.uses ?? {}
    const cpuNanoseconds = Math.round((atMs - Date.parse(state.startedAt)) * 1e6 * cores)
    usages.set(id, { atMs, cpuNanoseconds, workingSetBytes, processes })
  }
  return usages
}

/** What the containers of a Pod wrote, to these volumes and beside them. */
export function diskUsageOf(
  podUid: string,
  all: readonly { state: ContainerState; program: FakeProgram }[],
  volumes: readonly string[],
): DiskUsage {
  const containers = all.filter(({ state }) => state.pod.uid === podUid)
  const written = (volume: string) =>
    containers.reduce((sum, { program }) => sum + (program.uses?.volumeBytes?.[volume] ?? 0), 0)
  return {
    containers: new Map(containers.map(({ state, program }) => [state.id, program.uses?.diskBytes ?? 0])),
    volumes: new Map(volumes.map((volume) => [volume, written(volume)])),
  }
}

export interface FakeRuntimeOptions {
  clock: Clock
  /** Before the last number of each Pod's address. */
  addressPrefix?: string
  sandboxStartMs?: number
  containerStartMs?: number
  pullMs?: number
  /** What an image's container does; asked at each start. */
  program?: (spec: ContainerSpec) => FakeProgram
}

/** Of an image that knows no users but root. */
export function fakeUser({ securityContext = {} }: ContainerSpec): ContainerUser {
  const [uid = 0, gid = 0] = (securityContext.user ?? '').split(':').map(Number)
  return { uid, gid, supplementalGroups: [...new Set([gid, ...(securityContext.supplementalGroups ?? [])])] }
}

/** The end of what a container has left where its spec says that it may leave something. */
export function lastWordsOf(container: { spec: ContainerSpec; program: FakeProgram } | undefined): string | undefined {
  if (!container?.spec.terminationMessage) return undefined
  return (container.program.terminationMessage ?? '').slice(-MAX_TERMINATION_MESSAGE_BYTES)
}
