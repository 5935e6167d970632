import type { Pod, PodStatus } from '../../shared/api/generated/core-v1.ts'
import { type Clock, sleep } from '../../shared/clock.ts'
import type { PodUsage, Usage, UsageReport } from '../../shared/protocol/usage-report.ts'
import { runtimeContainerId } from '../container-id.ts'
import { containerStatusesOf } from '../container-statuses.ts'
import type { MachineUsage } from '../node/machine-usage.ts'
import type { ContainerUsage, Runtime } from '../runtime/runtime.ts'

export interface UsageMeterOptions {
  runtime: Pick<Runtime, 'usage'>
  /** The node's Pods, and how they are. */
  pods(): Iterable<{ pod: Pod; status: PodStatus | undefined }>
  /** What all of the machine uses; undefined where the node is only a part of it: then its containers are counted. */
  machine(): Promise<MachineUsage | undefined>
  clock: Clock
}

interface Sample {
  atMs: number
  machine: MachineUsage | undefined
  containers: ReadonlyMap<string, ContainerUsage>
}

interface RunningContainer {
  podUid: string
  name: string
  id: string
  startedAtMs: number
}

/** The least time to measure a processor's use over. */
const MIN_WINDOW_MS = 1_000
/** What was longer ago says little of now. */
const MAX_WINDOW_MS = 60_000

/** Measures when it is asked, and only then: nothing is polled. Who asks again soon gets the time in between. */
export class UsageMeter {
  readonly #options: UsageMeterOptions
  #last: Sample | undefined
  #report: UsageReport | undefined
  #measuring: Promise<UsageReport> | undefined

  constructor(options: UsageMeterOptions) {
    this.#options = options
  }

  /** Rejects where the container runtime does not answer. */
  async measure(): Promise<UsageReport> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined
    })
    return this.#measuring
  }

  async #measure(): Promise<UsageReport> {
    const { clock } = this.#options
    const age = this.#last ? clock.now() - this.#last.atMs : Number.POSITIVE_INFINITY
    if (this.#report && age >= 0 && age < MIN_WINDOW_MS) return this.#report
    const isUsable = age >= MIN_WINDOW_MS && age <= MAX_WINDOW_MS
    const before = isUsable && this.#last ? this.#last : await this.#sample()
    if (before !== this.#last) await sleep(clock, MIN_WINDOW_MS)
    const after = await this.#sample()
    this.#last = after
    this.#report = this.#compare(before, after)
    return this.#report
  }

  async #sample(): Promise<Sample> {
    const { runtime, clock, machine } = this.#options
    const atMs = clock.now()
    const ids = this.#running().map(({ id }) => id)
    const [containers, whole] = await Promise.all([runtime.usage(ids), machine()])
    return { atMs, machine: whole, containers }
  }

  #running(): RunningContainer[] {
    return [...this.#options.pods()].flatMap(({ pod, status }) =>
      containerStatusesOf(status).flatMap(({ name, state, containerID }) => {
        const id = runtimeContainerId(containerID)
        if (!state?.running || id === undefined) return []
        const startedAtMs = Date.parse(state.running.startedAt ?? '')
        return [{ podUid: pod.metadata.uid ?? '', name, id, startedAtMs }]
      }),
    )
  }

  #compare(before: Sample, after: Sample): UsageReport {
    const pods = new Map<string, PodUsage>()
    for (const { podUid, name, id, startedAtMs } of this.#running()) {
      const now = after.containers.get(id)
      if (!now) continue
      const then = before.containers.get(id) ?? { atMs: startedAtMs, cpuNanoseconds: 0 }
      const pod = pods.get(podUid) ?? { uid: podUid, containers: [] }
      pod.containers.push({ name, ...usageBetween(then, now) })
      pods.set(podUid, pod)
    }
    const list = [...pods.values()]
    return { node: nodeUsage(before, after) ?? sumOf(list, after.atMs), pods: list }
  }
}

function nodeUsage(before: Sample, after: Sample): Usage | undefined {
  return before.machine && after.machine && usageBetween(before.machine, after.machine)
}

function usageBetween(
  then: Pick<ContainerUsage, 'atMs' | 'cpuNanoseconds'>,
  now: Pick<ContainerUsage, 'atMs' | 'cpuNanoseconds' | 'workingSetBytes'>,
): Usage {
  const windowMs = Math.max(1, Math.round(now.atMs - then.atMs))
  const spent = Math.max(0, now.cpuNanoseconds - then.cpuNanoseconds)
  const cpuNanoCores = Math.round((spent * 1000) / windowMs)
  return { atMs: Math.round(now.atMs), windowMs, cpuNanoCores, workingSetBytes: now.workingSetBytes }
}

function sumOf(pods: readonly PodUsage[], atMs: number): Usage {
  const all = pods.flatMap(({ containers }) => containers)
  return {
    atMs,
    windowMs: Math.max(MIN_WINDOW_MS, ...all.map(({ windowMs }) => windowMs)),
    cpuNanoCores: all.reduce((sum, { cpuNanoCores }) => sum + cpuNanoCores, 0),
    workingSetBytes: all.reduce((sum, { workingSetBytes }) => sum + workingSetBytes, 0),
  }
}
