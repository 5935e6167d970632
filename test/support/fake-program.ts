import {
  type ContainerSpec,
  type ContainerUsage,
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
  uses?: { cores?: number; workingSetBytes?: number; processes?: number }
  /** What a command run in it says; undefined: it hangs. */
  exec?: (command: string[]) => ExecResult | undefined
  /** What its own process (without a command), or one that is run in it, does with its streams. */
  talk?: (process: FakeProcess, command?: string[]) => void
  /** Who listens on a port of its loopback. */
  listen?: { port: number; serve: (connection: FakeProcess) => void }
}

/** What a container uses that began to run then. */
export function usageOf({ uses = {} }: FakeProgram, startedAt: string, atMs: number): ContainerUsage {
  const { cores = 0, workingSetBytes = 1_000_000, processes = 1 } = uses
  const cpuNanoseconds = Math.round((atMs - Date.parse(startedAt)) * 1e6 * cores)
  return { atMs, cpuNanoseconds, workingSetBytes, processes }
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

/** The end of what a container has left where its spec says that it may leave something. */
export function lastWordsOf(container: { spec: ContainerSpec; program: FakeProgram } | undefined): string | undefined {
  if (!container?.spec.terminationMessage) return undefined
  return (container.program.terminationMessage ?? '').slice(-MAX_TERMINATION_MESSAGE_BYTES)
}
