import type { HTTPGetAction, LifecycleHandler, Probe } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { checkNumber, validatePortReference } from './port-validation.ts'

const TYPES = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const
const SCHEMES = ['HTTP', 'HTTPS']
const HEADER_NAME = /^[-A-Za-z0-9]+$/

/** What a probe or a hook does: one thing. `graceSeconds` is the longest that a hook may sleep. */
export function validateHandler(
  handler: Probe & LifecycleHandler,
  graceSeconds: number | undefined,
  path: string,
  errors: FieldErrors,
): void {
  const [type, ...others] = TYPES.filter((name) => handler[name])
  if (!type) errors.required(path, 'must specify a handler type')
  for (const other of others) errors.forbidden(`${path}.${other}`, 'may not specify more than 1 handler type')
  const at = `${path}.${type}`
  switch (type) {
    case 'exec':
      if (!handler.exec?.command?.length) errors.required(`${at}.command`)
      break
    case 'httpGet':
      if (handler.httpGet) validateHttpGet(handler.httpGet, at, errors)
      break
    case 'tcpSocket':
      if (handler.tcpSocket) validatePortReference(handler.tcpSocket.port, `${at}.port`, errors)
      break
    case 'grpc':
      if (handler.grpc) checkNumber(handler.grpc.port, `${at}.port`, errors)
      break
    case 'sleep':
      if (handler.sleep) validateSleep(handler.sleep.seconds, graceSeconds, at, errors)
      break
  }
}

function validateSleep(seconds: number, graceSeconds: number | undefined, path: string, errors: FieldErrors): void {
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return
  errors.invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`)
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
