import { ApiError } from '../../shared/api/api-error.ts'
import type { DeleteOptions } from '../../shared/api/generated/meta-v1.ts'
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../../shared/deletion-finalizers.ts'
import { FieldErrors } from './validation/field-errors.ts'

const POLICIES = ['Foreground', 'Background', 'Orphan', 'nil']
const DELETE_OPTIONS = { group: 'meta.k8s.io', plural: 'deleteoptions', kind: 'DeleteOptions' }

/** Throws Invalid on options that contradict themselves. */
export function validateDeleteOptions(options: DeleteOptions): void {
  const { orphanDependents, propagationPolicy } = options
  const errors = new FieldErrors()
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    errors.invalid(
      'propagationPolicy',
      propagationPolicy,
      'orphanDependents and deletionPropagation cannot be both set',
    )
  }
  if (propagationPolicy !== undefined && !POLICIES.slice(0, 3).includes(propagationPolicy)) {
    errors.notSupported('propagationPolicy', propagationPolicy, POLICIES)
  }
  if (errors.list.length > 0) throw ApiError.invalid(DELETE_OPTIONS, '', errors.list)
}

/** An object's finalizers, with the garbage collector's own as the options want them; what was wanted before stays. */
export function finalizersFor(options: DeleteOptions, finalizers: readonly string[]): string[] {
  const others = finalizers.filter((name) => name !== ORPHAN_FINALIZER && name !== FOREGROUND_FINALIZER)
  switch (propagationOf(options, finalizers)) {
    case 'Orphan':
      return [...others, ORPHAN_FINALIZER]
    case 'Foreground':
      return [...others, FOREGROUND_FINALIZER]
    case 'Background':
      return others
  }
}

type Propagation = 'Orphan' | 'Foreground' | 'Background'

function propagationOf(options: DeleteOptions, finalizers: readonly string[]): Propagation {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background'
  if (options.propagationPolicy !== undefined) return options.propagationPolicy as Propagation
  if (finalizers.includes(ORPHAN_FINALIZER)) return 'Orphan'
  return finalizers.includes(FOREGROUND_FINALIZER) ? 'Foreground' : 'Background'
}
