import { isDeepStrictEqual } from 'node:util'
import type { Node, Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { isFinalPhase } from '../../shared/pod-phase.ts'
import type { AssignedObject, AssignedReference, AssignmentsFrame } from '../../shared/protocol/frames.ts'
import { referenceTo } from './desired-assignments.ts'
import { frameParts } from './frame-parts.ts'

export interface AssignmentChange {
  set: AssignedObject[]
  remove: AssignedReference[]
}

type Assigned = ReadonlyMap<string, AssignedObject>

/** What turns `before` into `after`, as far as an agent cares. */
export function assignmentChange(before: Assigned, after: Assigned): AssignmentChange {
  const set = [...after].filter(([key, assigned]) => !sameForAgent(before.get(key), assigned))
  const remove = [...before].filter(([key]) => !after.has(key))
  return { set: set.map(([, assigned]) => assigned), remove: remove.map(([, assigned]) => referenceTo(assigned)) }
}

/** One change as frames that are not too long; the agent applies them as one. */
export function assignmentFrames(
  header: Pick<AssignmentsFrame, 'mode' | 'appliesTo' | 'resultsIn'>,
  { set, remove }: AssignmentChange,
): AssignmentsFrame[] {
  const parts = frameParts(set)
  return parts.map((part, index) => ({
    type: 'assignments',
    ...header,
    more: index < parts.length - 1,
    set: part,
    remove: index === 0 ? remove : [],
  }))
}

/** An agent's own reports come back as new versions of its Pods and its Node: those tell it nothing, but open gates do. */
function sameForAgent(before: AssignedObject | undefined, after: AssignedObject): boolean {
  if (!before || before.kind !== after.kind) return false
  if (before.object.metadata.resourceVersion === after.object.metadata.resourceVersion) return true
  if (before.kind === 'Node' && after.kind === 'Node') {
    return isDeepStrictEqual(ofNode(before.object), ofNode(after.object))
  }
  return (
    before.kind === 'Pod' && after.kind === 'Pod' && isDeepStrictEqual(essence(before.object), essence(after.object))
  )
}

function ofNode({ metadata: { resourceVersion: _, ...metadata }, spec }: Persisted<Node>): unknown {
  return { metadata, spec }
}

function essence({ metadata, spec, status }: Persisted<Pod>): unknown {
  const { resourceVersion: _, managedFields: __, ...rest } = metadata
  const gates = new Set(spec.readinessGates?.map(({ conditionType }) => conditionType))
  return {
    metadata: rest,
    spec,
    hasEnded: isFinalPhase(status?.phase),
    gates: status?.conditions?.filter(({ type }) => gates.has(type)).map(({ type, status }) => [type, status]) ?? [],
  }
}
