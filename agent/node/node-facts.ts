import type { ContainerImage, NodeCondition, NodeStatus } from '../../shared/api/generated/core-v1.ts'
import type { Clock, Timer } from '../../shared/clock.ts'
import { compareStrings } from '../../shared/compare-strings.ts'
import { messageOf } from '../../shared/error-message.ts'
import type { Logger } from '../../shared/log.ts'
import type { NodeReport } from '../../shared/protocol/frames.ts'
import { HOSTNAME_LABEL } from '../../shared/topology-labels.ts'
import { Turnstile } from '../../shared/turnstile.ts'
import { DEFAULT_EVICTION_POLICY, type EvictionPolicy } from '../eviction/eviction-policy.ts'
import type { EvictionSignal, EvictionThreshold, Observation } from '../eviction/eviction-threshold.ts'
import { PressureWatch } from '../eviction/pressure-watch.ts'
import type { NetworkCondition } from '../network/network-condition.ts'
import type { ImageState, Runtime, RuntimeInfo } from '../runtime/runtime.ts'
import { HeldByOthers } from './held-by-others.ts'
import { type Machine, readMachine } from './machine.ts'
import { type Amounts, type NodeOffer, nodeAllocatable, nodeCapacity, ownPart, WHOLE_MACHINE } from './node-capacity.ts'
import { nodeConditions } from './node-conditions.ts'
import { observations } from './observations.ts'

export interface NodeFactsOptions {
  runtime: Pick<Runtime, 'version' | 'listImages' | 'otherContainers'>
  nodeName: string
  /** Kubette's. */
  version: string
  clock: Clock
  log: Logger
  /** For a new Node. */
  labels?: Record<string, string>
  /** The whole machine unless given. */
  offer?: NodeOffer
  /** Whether Pods have a network here; without it the node says nothing of that. */
  network?: () => NetworkCondition
  /** Images that have nothing for this machine's architecture. */
  unfitImages?: () => string[]
  /** When something counts as short; the kubelet's unless given. */
  eviction?: EvictionPolicy
  /** Where others reach this machine; found by itself unless given. */
  address?: string
  readMachine?: typeof readMachine
}

interface Seen {
  info?: RuntimeInfo
  machine: Machine
  images: ContainerImage[]
  runtimeError?: string
}

const REFRESH_MS = 10_000
/** As the kubelet waits: a runtime that is only restarted must not cost the node its Pods. */
const RUNTIME_PATIENCE_MS = 30_000
/** Looks between those at what costs more; at other containers also when as many run as did not before. */
const LOOKS_PER_LONG_LOOK = 6
/** One address often goes while another comes. */
const ADDRESSES_DELAY_MS = 200
const MAX_IMAGES = 50
/** The Kubernetes version whose behaviour the agent has. */
const KUBERNETES_VERSION = 'v1.36.0'

/** What this node says of itself. Looks again every few seconds, and tells only when something changed. */
export class NodeFacts {
  readonly #options: NodeFactsOptions
  #seen: Seen = { machine: {}, images: [], runtimeError: 'not asked yet' }
  /** On the monotonic clock. */
  #answeredAt = Number.NEGATIVE_INFINITY
  readonly #others: HeldByOthers
  #unfitImages: readonly string[] = []
  #report: NodeReport
  readonly #pressure: PressureWatch
  #observations: ReadonlyMap<EvictionSignal, Observation> = new Map()
  #refreshes = 0
  /** Two looks at once could tell what the older one saw after the newer. */
  readonly #turns = new Turnstile(1)
  /** The machine may be known by another address. */
  #isIdentityOld = true
  #timer: Timer | undefined
  #soon: Timer | undefined
  #onChange: (report: NodeReport) => void = () => {}

  constructor(options: NodeFactsOptions) {
    this.#options = options
    this.#pressure = new PressureWatch(options.eviction ?? DEFAULT_EVICTION_POLICY)
    this.#others = new HeldByOthers({ ...options, capacity: options.offer?.capacity ?? {} })
    this.#report = this.#compose()
  }

  /** As of the last look. Right after construction the node is not ready yet: refresh first. */
  current(): NodeReport {
    return this.#report
  }

  /** The node's addresses, for its Pods' `hostIPs`. */
  hostIPs(): readonly string[] {
    const address = this.#address()
    return address === undefined ? [] : [address]
  }

  /** How much there is of what can run short, as of the last look. */
  observations(): ReadonlyMap<EvictionSignal, Observation> {
    return this.#observations
  }

  /** The thresholds for which Pods have to go, as of the last look. */
  dueThresholds(): readonly EvictionThreshold[] {
    return this.#pressure.due()
  }

  /** As of the last look, like all that follows; without what is not known yet. */
  allocatable(): Amounts {
    return this.#report.status.allocatable ?? {}
  }

  /** The conditions that tell what the node is short of, such as `MemoryPressure`. */
  pressure(): string[] {
    const conditions = this.#report.status.conditions ?? []
    return conditions
      .filter(({ type, status }) => type.endsWith('Pressure') && status === 'True')
      .map(({ type }) => type)
  }

  /** Undefined while the container runtime has not been heard; likewise whether it has AppArmor. */
  architecture(): string | undefined {
    return this.#seen.info?.architecture
  }

  hasAppArmor(): boolean | undefined {
    return this.#seen.info?.hasAppArmor
  }

  /** Looks once, and then every few seconds until `stop`; calls `onChange` whenever the report has changed. */
  async start(onChange: (report: NodeReport) => void): Promise<void> {
    await this.refresh()
    this.#onChange = onChange
    this.#timer = this.#options.clock.every(REFRESH_MS, () => {
      // A runtime that hangs must not have looks pile up.
      if (this.#turns.isEmpty) void this.look()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#soon?.cancel()
  }

  /** Looks before long, once for several changes. */
  addressesChanged(): void {
    this.#isIdentityOld = true
    this.#soon ??= this.#options.clock.after(ADDRESSES_DELAY_MS, () => {
      this.#soon = undefined
      void this.look()
    })
  }

  /** Refreshes, and tells where that brought news. Never rejects. */
  async look(): Promise<void> {
    const before = this.#report
    if ((await this.refresh()) !== before) this.#onChange(this.#report)
  }

  /** Never rejects: a runtime that does not answer makes the node not ready. */
  refresh(): Promise<NodeReport> {
    return this.#turns.pass(() => this.#refreshNow())
  }

  async #refreshNow(): Promise<NodeReport> {
    this.#seen = await this.#look()
    this.#observations = observations(this.#seen.machine)
    this.#pressure.update(this.#observations, this.#options.clock.monotonic())
    this.#unfitImages = this.#options.unfitImages?.() ?? []
    this.#adopt(this.#compose())
    return this.#report
  }

  /** The time of the look alone is no news. */
  #adopt(next: NodeReport): boolean {
    if (withoutHeartbeats(next) === withoutHeartbeats(this.#report)) return false
    this.#report = next
    return true
  }

  /** Says what `network` says now, without looking at anything else. */
  networkChanged(): void {
    if (this.#adopt(this.#compose())) this.#onChange(this.#report)
  }

  async #look(): Promise<Seen> {
    const { runtime, log, clock } = this.#options
    const { info, images } = this.#seen
    const isLong = this.#refreshes % LOOKS_PER_LONG_LOOK === 0
    const machine = await this.#lookAtMachine(isLong)
    try {
      const next = await runtime.version()
      if (isLong || next.runningContainers !== info?.runningContainers) await this.#others.look()
      const answer = {
        machine,
        info: next,
        images: isLong ? imagesOf(await runtime.listImages()) : images,
      }
      this.#refreshes++
      this.#answeredAt = clock.monotonic()
      return answer
    } catch (error) {
      if (info && clock.monotonic() - this.#answeredAt < RUNTIME_PATIENCE_MS) return { machine, info, images }
      const runtimeError = messageOf(error)
      if (this.#seen.runtimeError !== runtimeError) log.warn({ err: error }, 'the container runtime does not answer')
      return { machine, images, runtimeError, ...(info ? { info } : {}) }
    }
  }

  async #lookAtMachine(isLong: boolean): Promise<Machine> {
    const { info, machine } = this.#seen
    const isKnown = machine.address !== undefined && !this.#isIdentityOld && !isLong
    this.#isIdentityOld = false
    return (this.#options.readMachine ?? readMachine)(info?.dataRoot, isKnown ? machine : undefined)
  }

  #compose(): NodeReport {
    const { nodeName, labels, offer = WHOLE_MACHINE } = this.#options
    const { info, machine, images } = this.#seen
    const architecture = info?.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch)
    const { thresholds } = this.#options.eviction ?? DEFAULT_EVICTION_POLICY
    const capacity = nodeCapacity(info, machine, offer)
    const status: NodeStatus = {
      capacity,
      allocatable: nodeAllocatable(capacity, offer, thresholds, ownPart(this.#others.held, capacity, info)),
      conditions: this.#conditions(),
      addresses: [
        ...this.hostIPs().map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: nodeName },
      ],
      nodeInfo: this.#nodeInfo(architecture),
      features: { supplementalGroupsPolicy: true },
      images,
    }
    const own = {
      [HOSTNAME_LABEL]: nodeName,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': architecture,
    }
    const unfit = this.#unfitImages.length > 0 ? { unfitImages: [...this.#unfitImages] } : {}
    return { labels: { ...own, ...labels }, status, ...unfit }
  }

  #conditions(): NodeCondition[] {
    const { clock, network } = this.#options
    const short = this.#pressure.short(clock.monotonic())
    const previous = this.#report?.status.conditions ?? []
    return nodeConditions(short, this.#seen.runtimeError, network?.(), previous, clock.now())
  }

  /** Looked up each time: a machine may get another. */
  #address(): string | undefined {
    return this.#options.address ?? this.#seen.machine.address
  }

  #nodeInfo(architecture: string): NodeStatus['nodeInfo'] {
    const { info, machine } = this.#seen
    return {
      architecture,
      bootID: machine.bootId ?? '',
      containerRuntimeVersion: info ? `${info.name}://${info.version}` : '',
      kernelVersion: info?.kernelVersion ?? '',
      kubeProxyVersion: '',
      kubeletVersion: `${KUBERNETES_VERSION}-kubette.${this.#options.version}`,
      machineID: machine.machineId ?? '',
      operatingSystem: info?.operatingSystem ?? 'linux',
      osImage: info?.osImage ?? '',
      systemUUID: machine.machineId ?? '',
    }
  }
}

/** The largest first, as many as the API is to carry. */
function imagesOf(images: readonly ImageState[]): ContainerImage[] {
  return [...images]
    .filter(({ references, digests }) => references.length + digests.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes || compareStrings(a.id, b.id))
    .slice(0, MAX_IMAGES)
    .map(({ references, digests, sizeBytes }) => ({ names: [...digests, ...references], sizeBytes }))
}

function withoutHeartbeats({ labels, status, unfitImages }: NodeReport): string {
  const conditions = (status.conditions ?? []).map(({ lastHeartbeatTime: _, ...rest }) => rest)
  return JSON.stringify([labels, { ...status, conditions }, unfitImages])
}
