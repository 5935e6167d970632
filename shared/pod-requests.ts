import type { Container } from './api/generated/core-v1.ts'
import type { Pod } from './api/kinds.ts'
import { parseMilli, parseMilliNumber, parseUnits } from './quantity.ts'

/** Amounts of what a Node offers or a Pod requests. */
export interface Resources {
  cpuMilli: number
  memoryBytes: number
  ephemeralStorageBytes: number
  /** Extended resources and huge pages, in whole units. */
  scalar: Map<string, number>
}

type Quantities = Readonly<Record<string, string>> | undefined

/** What upstream counts for a container that requests none, in scores only: so that such Pods spread too. */
const DEFAULT_REQUEST = { cpuMilli: 100, memoryBytes: 200 * 1024 * 1024 }

export function noResources(): Resources {
  return { cpuMilli: 0, memoryBytes: 0, ephemeralStorageBytes: 0, scalar: new Map() }
}

/** Reads a resource list; `pods` is left out: it counts Pods and is no amount that a Pod requests. */
export function parseResources(list: Quantities): Resources {
  const resources = noResources()
  for (const [name, quantity] of Object.entries(list ?? {})) {
    if (name === 'cpu') resources.cpuMilli = parseMilliNumber(quantity)
    else if (name === 'memory') resources.memoryBytes = parseUnits(quantity)
    else if (name === 'ephemeral-storage') resources.ephemeralStorageBytes = parseUnits(quantity)
    else if (name !== 'pods') resources.scalar.set(name, parseUnits(quantity))
  }
  return resources
}

/** Adds `amount` to `total` in place, `sign` times. */
export function addResources(total: Resources, amount: Resources, sign: 1 | -1 = 1): void {
  total.cpuMilli += sign * amount.cpuMilli
  total.memoryBytes += sign * amount.memoryBytes
  total.ephemeralStorageBytes += sign * amount.ephemeralStorageBytes
  for (const [name, value] of amount.scalar) total.scalar.set(name, (total.scalar.get(name) ?? 0) + sign * value)
}

/** What the Pod needs at any one time (see `peak`), its overhead included. */
export function podRequests(pod: Pod): Resources {
  const requests = peak(pod, (container) => parseResources(heldOrWanted(pod, container)))
  applyPodLevel(requests, pod.spec.resources?.requests)
  addResources(requests, parseResources(pod.spec.overhead))
  return requests
}

/** As `podRequests`, with upstream's small default for each container that requests no cpu or no memory. */
export function podRequestsForScoring(pod: Pod): Resources {
  const requests = peak(pod, (container) => {
    const asked = heldOrWanted(pod, container)
    const resources = parseResources(asked)
    if (asked?.cpu === undefined) resources.cpuMilli = DEFAULT_REQUEST.cpuMilli
    if (asked?.memory === undefined) resources.memoryBytes = DEFAULT_REQUEST.memoryBytes
    return resources
  })
  applyPodLevel(requests, pod.spec.resources?.requests)
  addResources(requests, parseResources(pod.spec.overhead))
  return requests
}

/**
 * What a container asks for; while its resize is under way, the most of that, what it was given and what it has. Where
 * its node will never give it what it asks for, that does not count.
 */
function heldOrWanted({ status }: Pod, { name, resources }: Container): Quantities {
  const wanted = resources?.requests
  const known = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  const held = known.find((container) => container.name === name)
  if (!wanted || !held?.allocatedResources) return wanted
  const isInfeasible = status?.conditions?.some(
    ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
  )
  const lists = [...(isInfeasible ? [] : [wanted]), held.allocatedResources, held.resources?.requests ?? {}]
  return Object.fromEntries(
    Object.entries(wanted).map(([resource, amount]) => [resource, most(lists, resource, amount)]),
  )
}

function most(lists: readonly Readonly<Record<string, string>>[], resource: string, otherwise: string): string {
  const amounts = lists.flatMap((list) => list[resource] ?? [])
  return amounts.length === 0 ? otherwise : amounts.reduce((a, b) => (parseMilli(b) > parseMilli(a) ? b : a))
}

/**
 * The most that runs together. Sidecars (init containers with `restartPolicy: Always`) run on beside all that starts
 * after them; other init containers run one by one, before the containers.
 */
function peak(pod: Pod, requestsOf: (container: Container) => Resources): Resources {
  const running = noResources()
  const most = noResources()
  for (const container of pod.spec.initContainers ?? []) {
    const requests = requestsOf(container)
    if (container.restartPolicy === 'Always') {
      addResources(running, requests)
      raiseTo(most, running)
    } else {
      addResources(requests, running)
      raiseTo(most, requests)
    }
  }
  for (const container of pod.spec.containers) addResources(running, requestsOf(container))
  raiseTo(most, running)
  return most
}

function raiseTo(most: Resources, other: Resources): void {
  most.cpuMilli = Math.max(most.cpuMilli, other.cpuMilli)
  most.memoryBytes = Math.max(most.memoryBytes, other.memoryBytes)
  most.ephemeralStorageBytes = Math.max(most.ephemeralStorageBytes, other.ephemeralStorageBytes)
  for (const [name, value] of other.scalar) most.scalar.set(name, Math.max(most.scalar.get(name) ?? 0, value))
}

/** Requests of the Pod as a whole stand in place of the sum of its containers': for cpu, memory and huge pages. */
function applyPodLevel(requests: Resources, podLevel: Quantities): void {
  if (!podLevel) return
  const given = parseResources(podLevel)
  if (podLevel.cpu !== undefined) requests.cpuMilli = given.cpuMilli
  if (podLevel.memory !== undefined) requests.memoryBytes = given.memoryBytes
  for (const [name, value] of given.scalar) if (name.startsWith('hugepages-')) requests.scalar.set(name, value)
}
