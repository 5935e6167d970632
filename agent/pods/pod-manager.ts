import type { PodStatus } from '../../shared/api/generated/core-v1.ts'
import type { Pod, Service } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Clock, Timer } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Assignments, AssignmentsSink } from '../assignments.ts'
import type { Device } from '../devices/device.ts'
import { DeviceAllocator } from '../devices/device-allocator.ts'
import type { EvictablePods, Eviction } from '../eviction/eviction-manager.ts'
import { ImagePuller } from '../images/image-puller.ts'
import type { PulledImages } from '../images/pulled-images.ts'
import type { AddressSource } from '../network/pod-addresses.ts'
import { type ResolvConf, readResolvConf } from '../network/resolv-conf.ts'
import type { SandboxLinks } from '../network/sandbox-links.ts'
import type { SandboxRules } from '../network/services/sandbox-rules.ts'
import type { Reporter } from '../reporter.ts'
import { followEvents } from '../runtime/follow-events.ts'
import type { PodIdentity, Runtime } from '../runtime/runtime.ts'
import { HostPathGuard } from '../volumes/host-path-guard.ts'
import { NodeAdmission, type NodeFactsForPods } from './admission/node-admission.ts'
import { HookRunner } from './hooks/hook-runner.ts'
import type { NodeContext } from './node-context.ts'
import { OrphanSearch } from './orphan-search.ts'
import { NO_DRAIN, type PodDrainer } from './pod-drain.ts'
import { PodWorker } from './pod-worker.ts'
import type { Prober } from './probes/prober.ts'
import type { ClusterDns } from './spec/pod-dns.ts'

export interface PodManagerOptions extends NodeFactsForPods {
  runtime: Runtime
  reporter: Reporter
  prober: Prober
  clock: Clock
  random: Random
  log: Logger
  /** Of Pods in the cluster's network; without it the runtime gives them some. */
  addresses?: AddressSource
  /** Links sandboxes to that network; without it the runtime does. */
  links?: SandboxLinks
  /** Makes Services reachable from Pods; without it they are not. */
  serviceRules?: SandboxRules
  /** The node's addresses, the first of which Pods show as `hostIP`. */
  hostIPs(): readonly string[]
  /** The machine's; undefined while it is not known. */
  architecture?: () => string | undefined
  /** Of the whole cluster, of which Pods are told; undefined while they are not known. By default there are none. */
  services?(): Iterable<Service> | undefined
  /** How the machine resolves names; by default as its own `/etc/resolv.conf` says. */
  resolvConf?(): Promise<ResolvConf>
  /** Where the cluster's names are resolved; undefined while that is not known, by default for ever. */
  clusterDns?(): ClusterDns | undefined
  /** Gets to know which images this agent brings to the machine. */
  pulled?: PulledImages
  /** Ends what clients have with Pods that are deleted; by default they have nothing. */
  drainer?: PodDrainer
  /** Of the machine, for containers that ask for them. */
  devices?: readonly Device[]
  /** Paths of the machine that a Pod may mount although they give power over the node; none unless told. */
  allowedHostPaths?: readonly string[]
}

/** Whether all Pods are as they were seen last, should an event have been missed. */
const GLANCE_MS = 300_000

const NOTHING: Assignments = {
  pods: new Map(),
  configMap: () => undefined,
  secret: () => undefined,
  claim: () => undefined,
  volumes: new Map(),
}

/**
 * Keeps the node's Pods as they are assigned, with one worker each. It finds by itself what an earlier agent left:
 * what is still assigned goes on as it is, the rest is removed.
 */
export class PodManager implements AssignmentsSink, EvictablePods {
  readonly #node: NodeContext
  readonly #workers = new Map<string, PodWorker>()
  readonly #orphans: OrphanSearch
  readonly #stop = new AbortController()
  #assignments = NOTHING
  #isAssigned = false
  #glances: Timer | undefined
  #hostIPs = ''

  constructor(options: PodManagerOptions) {
    const { runtime, clock, allowedHostPaths = [] } = options
    const images = new ImagePuller(options)
    const isRunning = (podUid: string) => this.#workers.get(podUid)?.state.phase === 'syncing'
    const devices = new DeviceAllocator({ devices: options.devices ?? [], runtime, isRunning })
    const hooks = new HookRunner({ runtime, clock })
    const hostPathGuard = new HostPathGuard({
      protectedPaths: () => runtime.ownPaths(),
      allowedPaths: () => Promise.all(allowedHostPaths.map(async (path) => (await runtime.hostPath(path)).path)),
    })
    const admission = new NodeAdmission({
      facts: options,
      placed: this.#workers,
      assignments: () => this.#assignments,
      evict: (podUid, eviction) => this.evict(podUid, eviction),
    })
    this.#node = {
      ...options,
      hostPathGuard,
      images,
      devices,
      hooks,
      drainer: options.drainer ?? NO_DRAIN,
      resolvConf: options.resolvConf ?? (() => readResolvConf()),
      services: options.services ?? (() => []),
      clusterDns: options.clusterDns ?? (() => undefined),
      admission,
      assignments: () => this.#assignments,
    }
    this.#orphans = new OrphanSearch({
      ...options,
      isKnown: (podUid) => this.#workers.has(podUid),
      found: (pod) => this.#removeOrphan(pod),
    })
  }

  /** Begins to listen to the runtime. Pods are touched only after the first assignment. */
  start(): void {
    const { runtime, clock, log } = this.#node
    const events = (signal: AbortSignal) => runtime.events(signal)
    const happened = ({ podUid }: { podUid: string }) => this.#lookAt(podUid)
    void followEvents({ events, happened, missed: () => this.#lookAtAll(), clock, log }, this.#stop.signal)
    this.#glances = clock.every(GLANCE_MS, () => void this.#glance())
    this.#lookAtAll()
  }

  /** Leaves every Pod as it is. */
  stop(): void {
    this.#stop.abort()
    this.#orphans.stop()
    this.#glances?.cancel()
    for (const worker of this.#workers.values()) worker.stop()
  }

  assign(assignments: Assignments): void {
    if (this.#stop.signal.aborted) return
    const isFirst = !this.#isAssigned
    this.#assignments = assignments
    this.#isAssigned = true
    for (const [uid, pod] of assignments.pods) this.#workerOf(uid, pod).assign(pod)
    for (const [uid, worker] of this.#workers) if (!assignments.pods.has(uid)) this.#unassign(uid, worker)
    if (isFirst) this.#orphans.look()
  }

  /** The Services are known now, or something else that containers may have waited for. */
  retryConfiguration(): void {
    for (const worker of this.#workers.values()) worker.retryConfiguration()
  }

  /** The node may have other addresses, which its Pods show. */
  nodeChanged(): void {
    const hostIPs = this.#node.hostIPs().join()
    if (hostIPs === this.#hostIPs) return
    this.#hostIPs = hostIPs
    for (const worker of this.#workers.values()) worker.wake()
  }

  /** Images that have nothing for this machine's architecture. */
  unfitImages(): string[] {
    return this.#node.images.unfitImages()
  }

  /** What is known of a Pod of this node now, also before the control plane knows it. */
  lookup(podUid: string): { pod: Persisted<Pod>; status: PodStatus | undefined } | undefined {
    const worker = this.#workers.get(podUid)
    return worker && { pod: worker.pod, status: worker.status }
  }

  running(): { pod: Persisted<Pod>; status: PodStatus | undefined }[] {
    const running = [...this.#workers.values()].filter(({ state }) => state.phase === 'syncing')
    return running.map(({ pod, status }) => ({ pod, status }))
  }

  evict(podUid: string, eviction: Eviction): void {
    this.#workers.get(podUid)?.evict(eviction)
  }

  /** What is left of Pods that have ended goes, their logs included. True where there was anything. */
  discardEnded(): boolean {
    return [...this.#workers.values()].filter((worker) => worker.discard()).length > 0
  }

  /** Nothing of it is on the node any more. */
  isGone(podUid: string): boolean {
    return this.#workers.get(podUid)?.isGone ?? true
  }

  /** All Pods that the node has. */
  all(): { pod: Persisted<Pod>; status: PodStatus | undefined }[] {
    return [...this.#workers.values()].map(({ pod, status }) => ({ pod, status }))
  }

  #workerOf(uid: string, pod: Persisted<Pod>): PodWorker {
    const known = this.#workers.get(uid)
    if (known) return known
    const worker = new PodWorker(this.#node, pod, () => this.#terminated(uid))
    this.#workers.set(uid, worker)
    return worker
  }

  /** One that is still assigned is remembered, so that it is not begun again. */
  #terminated(uid: string): void {
    this.#node.addresses?.release(uid)
    if (!this.#assignments.pods.has(uid)) this.#workers.delete(uid)
  }

  #unassign(uid: string, worker: PodWorker): void {
    if (worker.state.phase === 'terminated') this.#workers.delete(uid)
    else worker.unassign()
  }

  #lookAt(podUid: string): void {
    const worker = this.#workers.get(podUid)
    if (worker) worker.wake()
    else if (this.#isAssigned) this.#orphans.look(podUid)
  }

  #lookAtAll(): void {
    for (const worker of this.#workers.values()) worker.wake()
    if (this.#isAssigned) this.#orphans.look()
  }

  async #glance(): Promise<void> {
    const { runtime, log } = this.#node
    try {
      const glance = await runtime.glance()
      for (const [uid, worker] of this.#workers) if (!worker.isAsSeen(glance.get(uid))) worker.wake()
      for (const uid of glance.keys()) if (!this.#workers.has(uid)) this.#lookAt(uid)
    } catch (err) {
      // Where the runtime is away its events break off, and all is looked at when it is back.
      log.debug({ err }, 'could not glance at the Pods')
    }
  }

  #removeOrphan(pod: PodIdentity): void {
    this.#workerOf(pod.uid, orphan(pod)).unassign()
  }
}

/** All that is known of a Pod whose object is gone. */
function orphan({ uid, namespace, name }: PodIdentity): Persisted<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { uid, namespace, name, resourceVersion: '0', creationTimestamp: '1970-01-01T00:00:00Z' },
    spec: { containers: [] },
  }
}
