import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import { parseUnits } from '../../shared/quantity.ts'
import { ContainerConfigError } from '../pods/spec/container-config-error.ts'
import type { ContainerSpec, Runtime } from '../runtime/runtime.ts'
import type { Device } from './device.ts'

/** Kept with each container: which of the machine's devices it has. So a new agent knows what an earlier one gave away. */
export const DEVICES_ANNOTATION = 'kubette.dev/devices'

/** What a container's spec gets. */
type Given = Pick<ContainerSpec, 'annotations'> & { devices: Device[] }

interface Holder {
  podUid: string
  container: string
}

export interface DeviceAllocatorOptions {
  devices: readonly Device[]
  runtime: Pick<Runtime, 'list'>
  /** Whether the Pod may still start containers on this node. */
  isRunning(podUid: string): boolean
}

/** Gives each device to one container at a time. A container that is started again gets the ones that it had. */
export class DeviceAllocator {
  readonly #options: DeviceAllocatorOptions
  readonly #holders = new Map<string, Holder>()
  #loading: Promise<void> | undefined

  constructor(options: DeviceAllocatorOptions) {
    this.#options = options
  }

  /** The container's devices for its spec. Throws ContainerConfigError where too few are free for now. */
  async take(pod: Pod, container: Container): Promise<Given> {
    const wanted = this.#wanted(container)
    if (wanted.size === 0) return { devices: [], annotations: {} }
    const holder = { podUid: pod.metadata.uid ?? '', container: container.name }
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    await this.#loading
    if (!this.#fits(wanted, holder)) await this.#reclaim()
    const devices = [...wanted].flatMap(([resource, count]) => this.#pick(resource, count, holder))
    for (const { hostPath } of devices) this.#holders.set(hostPath, holder)
    const paths = devices.map(({ hostPath }) => hostPath)
    return { devices, annotations: { [DEVICES_ANNOTATION]: JSON.stringify(paths) } }
  }

  #wanted({ resources }: Container): Map<string, number> {
    const known = new Set(this.#options.devices.map(({ resource }) => resource))
    const limits = Object.entries(resources?.limits ?? {}).filter(([name]) => known.has(name))
    return new Map(limits.map(([name, amount]) => [name, parseUnits(amount)]))
  }

  #pick(resource: string, count: number, holder: Holder): Device[] {
    const usable = this.#usable(resource, holder)
    if (usable.length >= count) return usable.slice(0, count)
    const counts = `Requested: ${count}, Available: ${usable.length}`
    throw new ContainerConfigError(`requested number of devices unavailable for ${resource}. ${counts}`)
  }

  #fits(wanted: ReadonlyMap<string, number>, holder: Holder): boolean {
    return [...wanted].every(([resource, count]) => this.#usable(resource, holder).length >= count)
  }

  /** Its own first. */
  #usable(resource: string, holder: Holder): Device[] {
    const all = this.#options.devices.filter((device) => device.resource === resource)
    const isOwn = ({ hostPath }: Device) => isSame(this.#holders.get(hostPath), holder)
    return [...all.filter(isOwn), ...all.filter(({ hostPath }) => !this.#holders.has(hostPath))]
  }

  async #load(): Promise<void> {
    for (const { pod, name, paths } of await this.#recorded()) {
      for (const path of paths) this.#holders.set(path, { podUid: pod.uid, container: name })
    }
  }

  /** Takes back what containers have that are gone, or have ended with their Pod. */
  async #reclaim(): Promise<void> {
    const live = (await this.#recorded()).filter(({ state }) => state.phase !== 'exited')
    for (const [path, holder] of this.#holders) {
      const isLive = live.some(({ pod, name }) => isSame({ podUid: pod.uid, container: name }, holder))
      if (!isLive && !this.#options.isRunning(holder.podUid)) this.#holders.delete(path)
    }
  }

  async #recorded() {
    const { containers } = await this.#options.runtime.list()
    return containers.flatMap((container) => {
      const record = container.annotations[DEVICES_ANNOTATION]
      return record === undefined ? [] : [{ ...container, paths: JSON.parse(record) as string[] }]
    })
  }
}

function isSame(a: Holder | undefined, b: Holder): boolean {
  return a?.podUid === b.podUid && a.container === b.container
}
