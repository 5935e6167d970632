import type { NodeAffinity, NodeSelectorTerm, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import { jsonEqual } from '../json-equal.ts'
import type { FieldErrors } from '../validation/field-errors.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const SELECTOR_GROWS = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
const TERMS_STAY = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
const TERM_GROWS = 'only additions are allowed (no mutations or deletions)'

/** Where a Pod may go can be narrowed down as long as a gate keeps it from being scheduled: by node selector and affinity. */
export function validateNarrowing(spec: PodSpec, current: PodSpec, errors: FieldErrors): void {
  const { nodeSelector = {} } = spec
  const isKept = ([label, value]: [string, string]) => nodeSelector[label] === value
  if (!Object.entries(current.nodeSelector ?? {}).every(isKept)) {
    errors.invalid('spec.nodeSelector', spec.nodeSelector, SELECTOR_GROWS)
  }
  const before = requiredTerms(current.affinity?.nodeAffinity)
  const now = requiredTerms(spec.affinity?.nodeAffinity)
  const path = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`
  if (before.length > 0 && before.length !== now.length) {
    errors.invalid(path, now, TERMS_STAY)
    return
  }
  for (const [index, term] of before.entries()) {
    const grown = now[index] ?? {}
    if (!isGrownFrom(term, grown)) errors.invalid(`${path}[${index}]`, grown, TERM_GROWS)
  }
}

/** The spec with set back what `validateNarrowing` judges. */
export function withoutNarrowing(spec: PodSpec, current: PodSpec): PodSpec {
  const affinity = { ...spec.affinity, nodeAffinity: current.affinity?.nodeAffinity }
  const isEmpty = Object.values(affinity).every((part) => part === undefined)
  const reset = { nodeSelector: current.nodeSelector, affinity: isEmpty ? current.affinity : affinity }
  return Object.assign({ ...spec }, reset)
}

/** A term without requirements matches nothing: with one it would match more. */
function isGrownFrom(before: NodeSelectorTerm, now: NodeSelectorTerm): boolean {
  const lists = (['matchExpressions', 'matchFields'] as const).map(
    (list) => [before[list] ?? [], now[list] ?? []] as const,
  )
  if (lists.every(([old]) => old.length === 0)) return lists.every(([, grown]) => grown.length === 0)
  return lists.every(([old, grown]) => jsonEqual(grown.slice(0, old.length), old))
}

function requiredTerms(affinity: NodeAffinity | undefined): readonly NodeSelectorTerm[] {
  return affinity?.[REQUIRED]?.nodeSelectorTerms ?? []
}
