import type { Container, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateHandler } from './handler-validation.ts'

const NAMES = [
  ...['ABRT', 'ALRM', 'BUS', 'CHLD', 'CLD', 'CONT', 'FPE', 'HUP', 'ILL', 'INT', 'IO', 'IOT', 'KILL', 'PIPE', 'POLL'],
  ...['PROF', 'PWR', 'QUIT', 'RTMAX', 'RTMIN', 'SEGV', 'STKFLT', 'STOP', 'SYS', 'TERM', 'TRAP', 'TSTP', 'TTIN'],
  ...['TTOU', 'URG', 'USR1', 'USR2', 'VTALRM', 'WINCH', 'XCPU', 'XFSZ'],
]
const BELOW_MAX = Array.from({ length: 14 }, (_, index) => `RTMAX-${index + 1}`)
const ABOVE_MIN = Array.from({ length: 15 }, (_, index) => `RTMIN+${index + 1}`)
const SIGNALS = [...NAMES, ...BELOW_MAX, ...ABOVE_MIN].map((name) => `SIG${name}`).sort()

/** The hooks and the stop signal of a container of the Pod. */
export function validateLifecycle(container: Container, spec: PodSpec, path: string, errors: FieldErrors): void {
  const { postStart, preStop, stopSignal } = container.lifecycle ?? {}
  const { terminationGracePeriodSeconds, os } = spec
  if (postStart) validateHandler(postStart, terminationGracePeriodSeconds, `${path}.postStart`, errors)
  if (preStop) validateHandler(preStop, terminationGracePeriodSeconds, `${path}.preStop`, errors)
  if (stopSignal === undefined) return
  const at = `${path}.stopSignal`
  if (!os) errors.forbidden(at, 'may not be set for containers with empty `spec.os.name`')
  else if (!SIGNALS.includes(stopSignal)) errors.notSupported(at, stopSignal, SIGNALS)
}
