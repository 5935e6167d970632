import { isDeepStrictEqual } from 'node:util'
import type { EndpointSlice } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { type DesiredSlices, type EndpointGroup, portsKey } from './desired-slices.ts'
import { type PackedSlice, packSlices } from './slice-packing.ts'

type Existing = Persisted<EndpointSlice>

export interface SlicePlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly Existing[]
  readonly remove: readonly Existing[]
}

/**
 * What to write so that `slices` say what they are to. A group without endpoints is an empty slice. A slice of ports
 * that nobody has any more is written anew before another is created in its place.
 */
export function planSlices(desired: DesiredSlices, slices: readonly Existing[]): SlicePlan {
  const ours = slices.filter((slice) => isOwned(desired, slice))
  const packed = desired.groups.map((group) => ({ group, slices: packGroup(group, ours, desired.capacity) }))
  const kept = new Set(packed.flatMap(({ slices }) => slices.map(({ slice }) => slice)))
  const spare = ours.filter((slice) => !kept.has(slice))
  const create: EndpointSlice[] = []
  const update: Existing[] = []
  for (const { group, slices } of packed) {
    for (const { slice, endpoints, isChanged } of slices) {
      const place = slice ?? takeSpare(spare, group)
      const next = { ...group, endpoints }
      if (!place) create.push(newSlice(desired, next))
      else if (isChanged || hasOtherMetadata(desired, place)) update.push(rewritten(desired, place, next))
    }
  }
  return { create, update, remove: [...spare, ...slices.filter((slice) => !isOwned(desired, slice))] }
}

export function isEmptyPlan({ create, update, remove }: SlicePlan): boolean {
  return create.length + update.length + remove.length === 0
}

/** Without the slices that may go. */
function packGroup(group: EndpointGroup, slices: readonly Existing[], capacity: number): PackedSlice[] {
  const key = portsKey(group.ports)
  const same = slices.filter(({ addressType, ports }) => addressType === group.addressType && portsKey(ports) === key)
  if (group.endpoints.length > 0) {
    return packSlices(same, group.endpoints, capacity).filter(({ endpoints }) => endpoints.length > 0)
  }
  const empty = same.find(({ endpoints = [] }) => endpoints.length === 0)
  return [empty ? { slice: empty, endpoints: [], isChanged: false } : { endpoints: [], isChanged: true }]
}

function isOwned({ owner }: DesiredSlices, { metadata }: Existing): boolean {
  return metadata.ownerReferences?.some(({ uid, kind }) => uid === owner.uid && kind === owner.kind) ?? false
}

function takeSpare(spare: Existing[], { addressType }: EndpointGroup): Existing | undefined {
  const index = spare.findIndex((slice) => slice.addressType === addressType)
  return index < 0 ? undefined : spare.splice(index, 1)[0]
}

function hasOtherMetadata({ labels, annotations }: DesiredSlices, { metadata }: Existing): boolean {
  const hasOtherAnnotations = annotations !== undefined && !isDeepStrictEqual(metadata.annotations ?? {}, annotations)
  return hasOtherAnnotations || !isDeepStrictEqual(metadata.labels, labels)
}

function newSlice({ namespace, name, owner, labels, annotations }: DesiredSlices, group: EndpointGroup): EndpointSlice {
  const metadata = { namespace, generateName: `${name}-`, ownerReferences: [owner], labels: { ...labels } }
  return { metadata: { ...metadata, ...(annotations ? { annotations: { ...annotations } } : {}) }, ...fieldsOf(group) }
}

function rewritten({ labels, annotations }: DesiredSlices, slice: Existing, group: EndpointGroup): Existing {
  const metadata = { ...slice.metadata, labels: { ...labels } }
  if (annotations) metadata.annotations = { ...annotations }
  return { ...slice, metadata, ...fieldsOf(group) }
}

function fieldsOf({ addressType, ports, endpoints }: EndpointGroup) {
  return { addressType, ports: [...ports], endpoints: [...endpoints] }
}
