import type { NamespaceCondition } from '../../../shared/api/generated/core-v1.ts'
import { timestamp } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { findCondition } from '../conditions.ts'
import type { Leftovers } from './namespace-content.ts'

/** What keeps a Namespace from going, in the five conditions that Kubernetes has for it. */
export function deletionConditions(
  leftovers: Leftovers,
  before: readonly NamespaceCondition[] | undefined,
  nowMs: number,
): NamespaceCondition[] {
  return [
    ok('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    ok(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    failureCondition(leftovers),
    contentCondition(leftovers),
    finalizersCondition(leftovers),
  ].map((condition) => {
    const former = findCondition(before, condition.type)
    const isSame = former?.status === condition.status
    return { ...condition, lastTransitionTime: (isSame && former?.lastTransitionTime) || timestamp(nowMs) }
  })
}

function failureCondition({ failures }: Leftovers): NamespaceCondition {
  const type = 'NamespaceDeletionContentFailure'
  if (failures.length === 0) {
    return ok(type, 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization')
  }
  const what = failures.map(messageOf).join(', ')
  return bad(
    type,
    'ContentDeletionFailed',
    `Failed to delete all resource types, ${failures.length} remaining: ${what}`,
  )
}

function contentCondition({ remaining }: Leftovers): NamespaceCondition {
  const type = 'NamespaceContentRemaining'
  if (remaining.length === 0) return ok(type, 'ContentRemoved', 'All content successfully removed')
  const counts = remaining.map(
    ({ kind, objects }) => `${kind.plural}.${kind.group} has ${objects.length} resource instances`,
  )
  return bad(type, 'SomeResourcesRemain', `Some resources are remaining: ${counts.sort().join(', ')}`)
}

function finalizersCondition({ remaining }: Leftovers): NamespaceCondition {
  const type = 'NamespaceFinalizersRemaining'
  const finalizers = remaining.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.finalizers ?? []))
  if (finalizers.length === 0) {
    return ok(type, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
  }
  const counts = [...new Set(finalizers)]
    .sort()
    .map((name) => `${name} in ${finalizers.filter((other) => other === name).length} resource instances`)
  const message = `Some content in the namespace has finalizers remaining: ${counts.join(', ')}`
  return bad(type, 'SomeFinalizersRemain', message)
}

function ok(type: string, reason: string, message: string): NamespaceCondition {
  return { type, status: 'False', reason, message }
}

function bad(type: string, reason: string, message: string): NamespaceCondition {
  return { type, status: 'True', reason, message }
}
