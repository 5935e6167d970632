import type { Clock } from '../../../shared/clock.ts'
import type { OtherContainer } from '../runtime.ts'
import { CPU_PERIOD_US } from './container-config.ts'
import type { ContainerInspect } from './container-inspect.ts'
import type { ContainerUsages } from './container-usages.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { LABELS, type Labels, type Ownership, ownerLabels } from './labels.ts'

export interface OtherContainersOptions {
  docker: DockerApi
  containers: Pick<Containers, 'inspect'>
  usages: Pick<ContainerUsages, 'read'>
  owner: Ownership
  clock: Clock
}

interface Listed {
  Id: string
  Labels: Labels | null
}

type Limits = Pick<OtherContainer, 'cpuMilli' | 'memoryBytes'>

/** `docker update` is not told by the list: limits are read again after so long. */
const LIMITS_HOLD_MS = 600_000

/** The running containers that are not this node's. They are looked at, and no more. */
export class OtherContainers {
  readonly #options: OtherContainersOptions
  #known = new Map<string, Limits>()
  /** On the monotonic clock. */
  #knownUntilMs = 0

  constructor(options: OtherContainersOptions) {
    this.#options = options
  }

  async list(): Promise<OtherContainer[]> {
    const { docker, usages, owner } = this.#options
    const running = await docker.json<Listed[]>({ method: 'GET', path: '/containers/json' })
    const others = running.filter(({ Labels }) => !isOf(owner, Labels ?? {}))
    const limits = await this.#limits(others.map(({ Id }) => Id))
    const unlimited = [...limits].filter(([, { memoryBytes }]) => memoryBytes === 0).map(([id]) => id)
    const used = await usages.read(unlimited)
    return others.flatMap(({ Id: id, Labels }) => {
      const known = limits.get(id)
      // A container has the labels of its image, which may be of a cluster.
      const isPods = Labels?.[LABELS.node] !== undefined
      const measured = { memoryBytes: used.get(id)?.workingSetBytes ?? 0, isMeasured: true }
      return known ? [{ id, isPods, isMeasured: false, ...known, ...(known.memoryBytes === 0 ? measured : {}) }] : []
    })
  }

  /** Without those that are gone by now. */
  async #limits(ids: readonly string[]): Promise<Map<string, Limits>> {
    const { containers, clock } = this.#options
    const now = clock.monotonic()
    const known = now < this.#knownUntilMs ? this.#known : new Map<string, Limits>()
    if (known !== this.#known) this.#knownUntilMs = now + LIMITS_HOLD_MS
    this.#known = new Map()
    for (const id of ids) {
      const limits = known.get(id) ?? limitsOf(await containers.inspect(id))
      if (limits) this.#known.set(id, limits)
    }
    return this.#known
  }
}

function isOf(owner: Ownership, labels: Labels): boolean {
  return Object.entries(ownerLabels(owner)).every(([name, value]) => labels[name] === value)
}

function limitsOf(found: ContainerInspect | undefined): Limits | undefined {
  if (!found) return undefined
  const { NanoCpus, CpuPeriod, CpuQuota, Memory, MemoryReservation } = found.HostConfig
  const quotaMilli = (Math.max(0, CpuQuota ?? 0) * 1000) / (CpuPeriod || CPU_PERIOD_US)
  return {
    cpuMilli: Math.round(NanoCpus ? NanoCpus / 1e6 : quotaMilli),
    memoryBytes: MemoryReservation || Memory || 0,
  }
}
