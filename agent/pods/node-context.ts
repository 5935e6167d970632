import type { Service } from '../../shared/api/kinds.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Assignments } from '../assignments.ts'
import type { DeviceAllocator } from '../devices/device-allocator.ts'
import type { ImagePuller } from '../images/image-puller.ts'
import type { AddressSource } from '../network/pod-addresses.ts'
import type { ResolvConf } from '../network/resolv-conf.ts'
import type { SandboxLinks } from '../network/sandbox-links.ts'
import type { SandboxRules } from '../network/services/sandbox-rules.ts'
import type { Reporter } from '../reporter.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { HostPathGuard } from '../volumes/host-path-guard.ts'
import type { NodeAdmission } from './admission/node-admission.ts'
import type { HookRunner } from './hooks/hook-runner.ts'
import type { PodDrainer } from './pod-drain.ts'
import type { Prober } from './probes/prober.ts'
import type { ClusterDns } from './spec/pod-dns.ts'

/** What all Pods of the node share. */
export interface NodeContext {
  runtime: Runtime
  images: ImagePuller
  devices: DeviceAllocator
  prober: Prober
  hooks: HookRunner
  drainer: PodDrainer
  reporter: Reporter
  clock: Clock
  random: Random
  log: Logger
  hostPathGuard: HostPathGuard
  /** Of Pods in the cluster's network; without it the runtime gives them some. */
  addresses?: AddressSource
  /** Links sandboxes to that network; without it the runtime does. */
  links?: SandboxLinks
  /** Makes Services reachable from Pods; without it they are not. */
  serviceRules?: SandboxRules
  /** The node's addresses, the first of which is shown as `hostIP`. */
  hostIPs(): readonly string[]
  /** What it can give to all its Pods, by resource, as far as it is known. */
  allocatable(): Readonly<Record<string, string>>
  /** How the machine resolves names. */
  resolvConf(): Promise<ResolvConf>
  /** Where the cluster's names are resolved; undefined while that is not known. */
  clusterDns(): ClusterDns | undefined
  /** What there still is for a Pod. */
  admission: Pick<NodeAdmission, 'admit' | 'heldResource' | 'refuseResize'>
  /** Of the whole cluster; undefined while they are not known. */
  services(): Iterable<Service> | undefined
  /** As of the newest word. */
  assignments(): Assignments
}
