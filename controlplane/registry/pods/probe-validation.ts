import type {
  Container,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
} from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { checkNumber, validatePortReference } from './port-validation.ts'

const SCHEMES = ['HTTP', 'HTTPS']
const SECONDS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const
const HEADER_NAME = /^[-A-Za-z0-9]+$/

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
  validateHandler(probe, path, errors)
  for (const field of SECONDS) errors.nonNegative(`${path}.${field}`, probe[field])
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) {
    errors.invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')
  }
}

export function validateLifecycle({ postStart, preStop }: Lifecycle, path: string, errors: FieldErrors): void {
  if (postStart) validateHandler(postStart, `${path}.postStart`, errors)
  if (preStop) validateHandler(preStop, `${path}.preStop`, errors)
}

function validateHandler(handler: Probe & LifecycleHandler, path: string, errors: FieldErrors): void {
  const given = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter((type) => handler[type])
  if (given.length === 0) errors.required(path, 'must specify a handler type')
  for (const type of given.slice(1)) errors.forbidden(`${path}.${type}`, 'may not specify more than 1 handler type')
  if (handler.exec && !handler.exec.command?.length) errors.required(`${path}.exec.command`)
  if (handler.httpGet) validateHttpGet(handler.httpGet, `${path}.httpGet`, errors)
  if (handler.tcpSocket) validatePortReference(handler.tcpSocket.port, `${path}.tcpSocket.port`, errors)
  if (handler.grpc) checkNumber(handler.grpc.port, `${path}.grpc.port`, errors)
  if (handler.sleep) errors.nonNegative(`${path}.sleep.seconds`, handler.sleep.seconds)
}

function validateHttpGet(action: HTTPGetAction, path: string, errors: FieldErrors): void {
  if (!action.path) errors.required(`${path}.path`)
  validatePortReference(action.port, `${path}.port`, errors)
  errors.oneOf(`${path}.scheme`, action.scheme, SCHEMES)
  for (const { name } of action.httpHeaders ?? []) {
    if (HEADER_NAME.test(name)) continue
    const why = "a valid HTTP header must consist of alphanumeric characters or '-'"
    const examples = "(e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"
    errors.invalid(`${path}.httpHeaders`, name, `${why} ${examples}`)
  }
}
