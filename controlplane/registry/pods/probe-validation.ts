import type { Container, Probe } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateHandler } from './handler-validation.ts'

const SECONDS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

export function validateProbes(container: Container, path: string, errors: FieldErrors): void {
  const { livenessProbe, readinessProbe, startupProbe } = container
  if (livenessProbe) validateOneShot(livenessProbe, `${path}.livenessProbe`, errors)
  if (startupProbe) validateOneShot(startupProbe, `${path}.startupProbe`, errors)
  if (!readinessProbe) return
  validateProbe(readinessProbe, `${path}.readinessProbe`, errors)
  if (readinessProbe.terminationGracePeriodSeconds !== undefined) {
    const at = `${path}.readinessProbe.terminationGracePeriodSeconds`
    errors.invalid(at, readinessProbe.terminationGracePeriodSeconds, 'must not be set for readinessProbes')
  }
}

/** A probe whose first success counts. */
function validateOneShot(probe: Probe, path: string, errors: FieldErrors): void {
  validateProbe(probe, path, errors)
  if (probe.successThreshold !== 1) errors.invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1')
}

function validateProbe(probe: Probe, path: string, errors: FieldErrors): void {
  validateHandler(probe, undefined, path, errors)
  for (const field of SECONDS) errors.nonNegative(`${path}.${field}`, probe[field])
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) {
    errors.invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')
  }
}
