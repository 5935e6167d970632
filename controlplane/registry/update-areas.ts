import { ApiError } from '../../shared/api/api-error.ts'
import { type Kind, NAMESPACES, type Namespace, PODS, type Pod } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import { cloneJson } from './clone-json.ts'
import { jsonEqual } from './json-equal.ts'
import { metadataForUpdate } from './object-metadata.ts'
import { bindPod } from './pods/binding.ts'
import { withEphemeralContainers } from './pods/ephemeral-containers.ts'
import { resizedPod, validateResize } from './pods/pod-resize.ts'
import type { UpdateArea } from './registry.ts'
import { strategyOf } from './strategies/index.ts'
import type { Strategy, WriteContext } from './strategy.ts'
import { FieldErrors } from './validation/field-errors.ts'
import { validateStatusUpdate, validateUpdate } from './validation/validate-object.ts'

interface WithParts extends KubeObject {
  spec?: unknown
  status?: unknown
}

/** What is to be stored when `draft` is written to `area` of `current`. May change the draft. Throws ApiErrors. */
export function changedObject(
  kind: Kind,
  area: UpdateArea,
  draft: KubeObject,
  current: Persisted<KubeObject>,
  context: WriteContext,
): KubeObject {
  const strategy = strategyOf(kind)
  switch (area) {
    case 'object':
      return changedWhole(strategy, draft, current, context)
    case 'status':
      return changedStatus(strategy, draft, current)
    case 'binding':
      return bindPod(expectKind(kind, PODS, area, current) as Persisted<Pod>, draft as Pod, context.nowMs)
    case 'ephemeralcontainers':
      return withEphemeralContainers(expectKind(kind, PODS, area, current) as Persisted<Pod>, draft as Pod)
    case 'resize':
      return changedResources(strategy, draft as Pod, expectKind(kind, PODS, area, current) as Persisted<Pod>)
    case 'finalize':
      return finalized(expectKind(kind, NAMESPACES, area, current) as Persisted<Namespace>, draft as Namespace)
  }
}

function changedWhole(strategy: Strategy, draft: WithParts, current: Persisted<KubeObject>, context: WriteContext) {
  const old: WithParts = current
  metadataForUpdate(draft, current)
  if (strategy.hasStatus) setOrDelete(draft, 'status', old.status)
  strategy.applyDefaults?.(draft)
  strategy.prepareForUpdate?.(draft, current, context)
  if (strategy.generationFrom && !jsonEqual(strategy.generationFrom(draft), strategy.generationFrom(current))) {
    draft.metadata.generation = (old.metadata.generation ?? 0) + 1
  }
  validateUpdate(strategy, draft, current)
  return draft
}

function changedStatus(strategy: Strategy, proposed: WithParts, current: Persisted<KubeObject>): KubeObject {
  if (!strategy.hasStatus) throw noSuchArea(strategy.kind, 'status')
  const draft: WithParts = cloneJson<KubeObject>(current)
  setOrDelete(draft, 'status', proposed.status)
  const { annotations } = proposed.metadata
  if (strategy.statusCarriesAnnotations && annotations) draft.metadata.annotations = cloneJson(annotations)
  strategy.prepareForStatusUpdate?.(draft, current)
  validateStatusUpdate(strategy, draft, current)
  return draft
}

function changedResources(strategy: Strategy, proposed: Pod, current: Persisted<Pod>): KubeObject {
  metadataForUpdate(proposed, current)
  strategy.applyDefaults?.(proposed)
  const pod = resizedPod(current, proposed)
  if (!jsonEqual(pod.spec, current.spec)) pod.metadata.generation = (current.metadata.generation ?? 0) + 1
  const errors = new FieldErrors()
  validateResize(proposed, pod, current, errors)
  strategy.validate?.(pod, errors)
  if (errors.list.length > 0) throw ApiError.invalid(strategy.kind, current.metadata.name, errors.list)
  return pod
}

function finalized(current: Persisted<Namespace>, proposed: Namespace): KubeObject {
  const draft = cloneJson<Namespace>(current)
  draft.spec = { ...draft.spec, finalizers: proposed.spec?.finalizers ?? [] }
  return draft
}

function expectKind(kind: Kind, expected: Kind, area: UpdateArea, current: Persisted<KubeObject>) {
  if (kind.type !== expected.type) throw noSuchArea(kind, area)
  return current
}

function noSuchArea(kind: Kind, area: UpdateArea): ApiError {
  return ApiError.notFound({ ...kind, plural: `${kind.plural}/${area}` }, '')
}

function setOrDelete(object: WithParts, field: 'status', value: unknown): void {
  if (value === undefined) delete object[field]
  else object[field] = cloneJson(value)
}
