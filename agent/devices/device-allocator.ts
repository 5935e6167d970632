import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import { parseUnits } from '../../shared/quantity.ts'
import { isSidecar } from '../pods/restart-policy.ts'
import { ContainerConfigError } from '../pods/spec/container-config-error.ts'
import type { ContainerSpec, Runtime } from '../runtime/runtime.ts'
import type { Device } from './device.ts'

/** Kept with each container: which of the machine's devices it has. So a new agent knows what an earlier one gave away. */
const DEVICES_ANNOTATION = 'kubette.dev/devices'

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
    if (!this.#fits(wanted, pod, holder)) await this.#reclaim()
    const devices = [...wanted].flatMap(([resource, count]) => this.#pick(resource, count, pod, holder))
    for (const { hostPath } of devices) this.#holders.set(hostPath, holder)
    const paths = devices.map(({ hostPath }) => hostPath)
    return { devices, annotations: { [DEVICES_ANNOTATION]: JSON.stringify(paths) } }
  }

  #wanted({ resources }: Container): Map<string, number> {
    const known = new Set(this.#options.devices.map(({ resource }) => resource))
    const limits = Object.entries(resources?.limits ?? {}).filter(([name]) => known.has(name))
    return new Map(limits.map(([name, amount]) => [name, parseUnits(amount)]))
  }

  #pick(resource: string, count: number, pod: Pod, holder: Holder): Device[] {
    const usable = this.#usable(resource, pod, holder)
    if (usable.length >= count) return usable.slice(0, count)
    const counts = `Requested: ${count}, Available: ${usable.length}`
    throw new ContainerConfigError(`requested number of devices unavailable for ${resource}. ${counts}`)
  }

  #fits(wanted: ReadonlyMap<string, number>, pod: Pod, holder: Holder): boolean {
    return [...wanted].every(([resource, count]) => this.#usable(resource, pod, holder).length >= count)
  }

  /** Its own first, then what is the Pod's and not in use while it runs. */
  #usable(resource: string, pod: Pod, holder: Holder): Device[] {
    const all = this.#options.devices.filter((device) => device.resource === resource)
    const heldBy = ({ hostPath }: Device) => this.#holders.get(hostPath)
    const isTurns = (other: Holder | undefined) =>
      other?.podUid === holder.podUid && takeTurns(pod, other.container, holder.container)
    return [
      ...all.filter((device) => isSame(heldBy(device), holder)),
      ...all.filter((device) => isTurns(heldBy(device))),
      ...all.filter((device) => heldBy(device) === undefined),
    ]
  }

  async #load(): Promise<void> {
    const recorded = await this.#recorded()
    const isExited = ({ state }: (typeof recorded)[number]) => state.phase === 'exited'
    // Of containers that have a device in turn the one that runs is told last.
    for (const { pod, name, paths } of [...recorded.filter(isExited), ...recorded.filter((one) => !isExited(one))]) {
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

/** One of them is an init container that has ended before the other starts; a sidecar goes on beside those after it. */
function takeTurns(pod: Pod, one: string, other: string): boolean {
  const inits = pod.spec?.initContainers ?? []
  const placeOf = (name: string) => inits.findIndex((init) => init.name === name)
  const endsBefore = (first: string, second: string) => {
    const init = inits[placeOf(first)]
    if (!init || isSidecar(pod, init) || first === second) return false
    const sidecar = inits[placeOf(second)]
    return !(sidecar && isSidecar(pod, sidecar) && placeOf(second) < placeOf(first))
  }
  return endsBefore(one, other) || endsBefore(other, one)
}

function isSame(a: Holder | undefined, b: Holder): boolean {
  return a?.podUid === b.podUid && a.container === b.container
}
