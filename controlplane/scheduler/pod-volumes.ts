import type { Volume } from '../../shared/api/generated/core-v1.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { nodeTermMatcher } from '../../shared/required-node-matcher.ts'
import { allowsVolumesOn } from '../../shared/storage/allowed-topologies.ts'
import { areBound, bestVolume, isReservedFor } from '../../shared/storage/claim-matching.ts'
import { SELECTED_NODE_ANNOTATION } from '../../shared/storage/local-volumes.ts'
import { claimNameOf } from '../../shared/storage/pod-claims.ts'
import type { NodeInfo } from './node-info.ts'
import type { StorageView } from './storage.ts'

type Claim = Persisted<PersistentVolumeClaim>

/** What the claims of a Pod ask of its node. */
export interface PodVolumes {
  /** Volumes that are bound to its claims. */
  readonly bound: readonly Persisted<PersistentVolume>[]
  /** Claims whose volume is chosen, or made, on the Pod's node. */
  readonly delayed: readonly Claim[]
}

const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

/** Undefined for a Pod without claims; a text says why it cannot be placed at all, for now. */
export function podVolumes(pod: Persisted<Pod>, storage: StorageView): PodVolumes | string | undefined {
  const bound: Persisted<PersistentVolume>[] = []
  const delayed: Claim[] = []
  let waits = false
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimNameOf(volume, pod.metadata.name)
    if (name === undefined) continue
    const claim = storage.claim(`${pod.metadata.namespace}/${name}`)
    const why = whyUnusable(claim, name, volume)
    if (why !== undefined || !claim) return why
    const holder = storage.volume(claim.spec.volumeName ?? '')
    if (holder && areBound(holder, claim)) bound.push(holder)
    else if (claim.spec.volumeName && claim.status?.phase === 'Bound') return lost(name, claim.spec.volumeName)
    else if (isDelayed(claim, storage)) delayed.push(claim)
    else waits = true
  }
  if (waits) return 'pod has unbound immediate PersistentVolumeClaims'
  return bound.length + delayed.length === 0 ? undefined : { bound, delayed }
}

/** The volumes that are there and fit the claims on this node; undefined where a claim can neither get one nor have one made. */
export function choicesOn(
  node: NodeInfo,
  claims: readonly Claim[],
  storage: StorageView,
): Map<Claim, Persisted<PersistentVolume> | undefined> | undefined {
  const choices = new Map<Claim, Persisted<PersistentVolume> | undefined>()
  for (const claim of claims) {
    const taken = new Set(choices.values())
    const choice = bestVolume(claim, storage.volumes(), (each) => !taken.has(each) && isReachable(each, node))
    const isThere = choice && (isReachable(choice, node) || !isReservedFor(choice, claim))
    if (!isThere && (choice || !canBeMade(claim, node, storage))) return undefined
    choices.set(claim, choice)
  }
  return choices
}

export function isReachable({ spec }: PersistentVolume, node: NodeInfo): boolean {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms
  return terms === undefined || terms.some((term) => nodeTermMatcher(term)(node))
}

function canBeMade({ metadata, spec }: Claim, node: NodeInfo, storage: StorageView): boolean {
  const selected = metadata.annotations?.[SELECTED_NODE_ANNOTATION]
  if (selected !== undefined && selected !== node.name) return false
  const storageClass = storage.storageClass(spec.storageClassName ?? '')
  if (!storageClass || storageClass.provisioner === NO_PROVISIONER) return false
  return allowsVolumesOn(storageClass, node.labels)
}

function isDelayed({ spec }: Claim, storage: StorageView): boolean {
  return storage.storageClass(spec.storageClassName ?? '')?.volumeBindingMode === 'WaitForFirstConsumer'
}

function whyUnusable(claim: Claim | undefined, name: string, volume: Volume): string | undefined {
  const quoted = JSON.stringify(name)
  if (!claim) {
    if (!volume.ephemeral) return `persistentvolumeclaim ${quoted} not found`
    return `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}`
  }
  if (claim.status?.phase === 'Lost') return lost(name, claim.spec.volumeName ?? '')
  return claim.metadata.deletionTimestamp ? `persistentvolumeclaim ${quoted} is being deleted` : undefined
}

function lost(claim: string, volume: string): string {
  return `persistentvolumeclaim ${JSON.stringify(claim)} bound to non-existent persistentvolume ${JSON.stringify(volume)}`
}
