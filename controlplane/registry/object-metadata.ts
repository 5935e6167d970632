import { ApiError } from '../../shared/api/api-error.ts'
import type { KubeObject, ObjectMeta, Persisted } from '../../shared/api/object.ts'
import { timestamp } from '../../shared/clock.ts'
import { uuid } from '../../shared/random.ts'
import type { RegistryContext } from './registry-context.ts'
import type { Strategy } from './strategy.ts'

/** What only the system may say about a new object. */
export function metadataForCreate(
  { clock, random }: RegistryContext,
  strategy: Strategy,
  draft: KubeObject,
  namespace: string | undefined,
): void {
  const { metadata } = draft
  if (metadata.resourceVersion) throw ApiError.badRequest('resourceVersion should not be set on objects to be created')
  metadata.namespace = namespaceOf(strategy, metadata, namespace)
  if (!metadata.namespace) delete metadata.namespace
  for (const field of ['selfLink', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const) {
    delete metadata[field]
  }
  metadata.uid = uuid(random)
  metadata.creationTimestamp = timestamp(clock.now())
  if (strategy.generationFrom) metadata.generation = 1
}

/** The request's namespace and the object's must agree; either may be left out. */
function namespaceOf({ kind }: Strategy, metadata: ObjectMeta, requested: string | undefined): string {
  if (!kind.namespaced) return ''
  const namespace = requested || metadata.namespace
  if (!namespace) throw ApiError.badRequest('an empty namespace may not be set during creation')
  checkSameNamespace(metadata, namespace)
  return namespace
}

/** What a writer may not change, or need not repeat, is taken from the current object. */
export function metadataForUpdate(draft: KubeObject, current: Persisted<KubeObject>): void {
  const { metadata } = draft
  const old = current.metadata
  if (old.namespace) checkSameNamespace(metadata, old.namespace)
  if (metadata.name !== undefined && metadata.name !== old.name) {
    throw ApiError.badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${old.name})`,
    )
  }
  const kept: ObjectMeta = {
    name: old.name,
    namespace: old.namespace,
    uid: old.uid,
    resourceVersion: old.resourceVersion,
    generation: old.generation,
    generateName: old.generateName,
    creationTimestamp: old.creationTimestamp,
    deletionTimestamp: old.deletionTimestamp,
    deletionGracePeriodSeconds: old.deletionGracePeriodSeconds,
  } as ObjectMeta
  delete metadata.selfLink
  Object.assign(metadata, kept)
}

function checkSameNamespace({ namespace }: ObjectMeta, expected: string): void {
  if (namespace && namespace !== expected) {
    throw ApiError.badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}
