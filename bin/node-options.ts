import { Option } from 'commander'
import type { Device } from '../agent/devices/device.ts'
import { DEFAULT_EVICTION_POLICY } from '../agent/eviction/eviction-policy.ts'
import {
  DEFAULT_EVICTION_THRESHOLDS,
  type EvictionAmount,
  type EvictionSignal,
  type EvictionThreshold,
} from '../agent/eviction/eviction-threshold.ts'
import { DEFAULT_IMAGE_COLLECTION, type ImageCollection } from '../agent/images/image-collector.ts'
import {
  addDevice,
  addResource,
  parseGoDuration,
  parseGracePeriods,
  parseImageCollection,
  parseReclaims,
  parseReserved,
  parseSeconds,
  parseThresholds,
} from './node-option-values.ts'
import { collectHostPath, existingDirectory, parsePairs, parseSysctls } from './options.ts'

/** What `nodeOptions` give. */
export interface NodeOptionValues {
  systemReserved?: Record<string, string>
  resource: Record<string, number>
  device: Device[]
  evictionHard: readonly EvictionThreshold[]
  evictionSoft: readonly EvictionThreshold[]
  evictionSoftGracePeriod: ReadonlyMap<EvictionSignal, number>
  evictionMaxPodGracePeriod: number
  evictionMinimumReclaim: ReadonlyMap<EvictionSignal, EvictionAmount>
  evictionPressureTransitionPeriod: number
  imageGc: ImageCollection
  labels?: Record<string, string>
  allowHostPath: string[]
  allowedUnsafeSysctls?: string[]
  seccompProfiles?: string
  shortcuts: boolean
  resolvConf?: string
}

/** How a node is to be: for `kubette agent`, and for `kubette up`, which passes it on. */
export function nodeOptions(): Option[] {
  return [...resourceOptions(), ...pressureOptions(), ...permissionOptions(), ...identityOptions()]
}

function resourceOptions(): Option[] {
  return [
    new Option(
      '--system-reserved <resources>',
      'what to keep back for everything that is no Pod, such as cpu=500m,memory=256Mi,ephemeral-storage=1Gi',
    ).argParser(parseReserved),
    new Option('--resource <name=count>', 'an extended resource, such as example.com/dongle=2 (repeatable)')
      .argParser(addResource)
      .default({}, 'none'),
    new Option(
      '--device <name=path[:path[:rwm]]>',
      'a device for one container at a time that asks for the extended resource, such as ' +
        'example.com/dongle=/dev/ttyUSB0, by default under the same path and with all rights (repeatable)',
    )
      .argParser(addDevice)
      .default([], 'none'),
  ]
}

function pressureOptions(): Option[] {
  return [
    new Option(
      '--eviction-hard <thresholds>',
      'when to evict Pods: memory.available, nodefs.available, nodefs.inodesFree and pid.available, each below a ' +
        'quantity or a percentage; imagefs is the same filesystem as nodefs',
    )
      .argParser(parseThresholds)
      .default(
        DEFAULT_EVICTION_THRESHOLDS,
        'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,pid.available<5%, of a large disk never ' +
          'more than 2Gi',
      ),
    new Option(
      '--eviction-soft <thresholds>',
      'when to evict Pods once it has been so for a time, such as memory.available<1.5Gi',
    )
      .argParser(parseThresholds)
      .default([], 'none'),
    new Option(
      '--eviction-soft-grace-period <durations>',
      'for how long, such as memory.available=1m30s; needed for each soft threshold',
    )
      .argParser(parseGracePeriods)
      .default(new Map(), 'none'),
    new Option(
      '--eviction-max-pod-grace-period <seconds>',
      'what Pods get at most to end at a soft threshold; -1 for what they ask for',
    )
      .argParser(parseSeconds)
      .default(DEFAULT_EVICTION_POLICY.maxPodGraceSeconds),
    new Option(
      '--eviction-minimum-reclaim <amounts>',
      'how much more than its threshold has to become free of something, such as nodefs.available=500Mi',
    )
      .argParser(parseReclaims)
      .default(new Map(), 'none'),
    new Option(
      '--eviction-pressure-transition-period <duration>',
      'how long the node tells of pressure after it was seen last',
    )
      .argParser(parseGoDuration)
      .default(DEFAULT_EVICTION_POLICY.transitionMs, '5m'),
    new Option(
      '--image-gc <high:low>',
      'remove unused images that this agent pulled when more than high percent of the disk are in use, until low are',
    )
      .argParser(parseImageCollection)
      .default(
        DEFAULT_IMAGE_COLLECTION,
        `${DEFAULT_IMAGE_COLLECTION.highPercent}:${DEFAULT_IMAGE_COLLECTION.lowPercent}`,
      ),
  ]
}

function permissionOptions(): Option[] {
  return [
    new Option(
      '--allow-host-path <path>',
      'let Pods mount this path and what is below, though it gives power over this machine (repeatable)',
    )
      .argParser(collectHostPath)
      .default([], 'none'),
    new Option(
      '--allowed-unsafe-sysctls <names>',
      'kernel parameters that Pods may set though they are not safe, such as kernel.msg*,net.core.somaxconn',
    ).argParser(parseSysctls),
    new Option('--seccomp-profiles <dir>', 'where the Localhost seccomp profiles of Pods are, as JSON files').argParser(
      existingDirectory,
    ),
    new Option(
      '--no-shortcuts',
      "let what goes between Pods of different machines pass this machine's iptables rules, too",
    ),
  ]
}

function identityOptions(): Option[] {
  return [
    new Option('--labels <labels>', 'labels for a new Node, such as disk=ssd,zone=attic').argParser(parsePairs),
    new Option('--resolv-conf <file>', "how Pods resolve names (default: as this machine's /etc/resolv.conf says)"),
  ]
}
