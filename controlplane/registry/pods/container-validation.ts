import type { Container, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsLabel } from '../validation/names.ts'
import { validateEnv, validateEnvFrom } from './env-validation.ts'
import { validateLifecycle } from './lifecycle-validation.ts'
import { validateHostPorts, validatePorts } from './port-validation.ts'
import { validateProbes } from './probe-validation.ts'
import { validateResizePolicy, validateResources } from './resources-validation.ts'
import { validateRestartPolicy } from './restart-policy-validation.ts'
import { validateSecurityContext } from './security-context-validation.ts'
import { validateVolumeMounts } from './volume-mount-validation.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const ONLY_FOR_SIDECARS = 'may not be set for init containers without restartPolicy=Always'

/** The containers of a Pod of both kinds, whose names must differ. */
export function validateContainers(spec: PodSpec, path: string, errors: FieldErrors): void {
  const names = new Set<string>()
  const hostPorts = new Set<string>()
  if (spec.containers.length === 0) errors.required(`${path}.containers`)
  for (const [index, container] of spec.containers.entries()) {
    const at = `${path}.containers[${index}]`
    validateContainer(container, spec, at, errors)
    validateName(container, names, at, errors)
    validateProbes(container, at, errors)
    validateLifecycle(container, spec, `${at}.lifecycle`, errors)
    validateHostPorts(container, hostPorts, at, errors)
  }
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const at = `${path}.initContainers[${index}]`
    validateContainer(container, spec, at, errors)
    validateName(container, names, at, errors)
    validateHostPorts(container, new Set(), at, errors)
    validateInitContainer(container, spec, at, errors)
  }
}

function validateName({ name }: Container, names: Set<string>, path: string, errors: FieldErrors): void {
  if (!name) errors.required(`${path}.name`)
  else errors.check(`${path}.name`, name, isDnsLabel)
  if (name && names.has(name)) errors.duplicate(`${path}.name`, name)
  names.add(name)
}

/** Probes and hooks are for those that go on running: sidecars, which are init containers that always restart. */
function validateInitContainer(container: Container, spec: PodSpec, path: string, errors: FieldErrors): void {
  if (container.restartPolicy === 'Always') {
    validateProbes(container, path, errors)
    validateLifecycle(container, spec, `${path}.lifecycle`, errors)
    return
  }
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[field]) errors.forbidden(`${path}.${field}`, ONLY_FOR_SIDECARS)
  }
  if (container.resizePolicy) {
    errors.invalid(`${path}.resizePolicy`, container.resizePolicy, 'must not be set for init containers')
  }
}

/** What holds for containers of every kind, but for their names, probes and hooks. */
export function validateContainer(container: Container, spec: PodSpec, path: string, errors: FieldErrors): void {
  validateImage(container.image, `${path}.image`, errors)
  errors.oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES)
  validateRestartPolicy(container, path, errors)
  errors.oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES)
  validatePorts(container.ports ?? [], `${path}.ports`, errors)
  validateEnv(container.env ?? [], `${path}.env`, errors)
  validateEnvFrom(container.envFrom ?? [], `${path}.envFrom`, errors)
  validateVolumeMounts(container, spec.volumes ?? [], `${path}.volumeMounts`, errors)
  validateResources(container.resources ?? {}, `${path}.resources`, errors)
  validateResizePolicy(container.resizePolicy ?? [], spec.restartPolicy, `${path}.resizePolicy`, errors)
  const { securityContext } = container
  const hostUsers = spec.hostUsers ?? true
  if (securityContext) validateSecurityContext(securityContext, hostUsers, `${path}.securityContext`, errors)
}

function validateImage(image: string | undefined, path: string, errors: FieldErrors): void {
  if (!image) errors.required(path)
  else if (image !== image.trim()) errors.invalid(path, image, 'must not have leading or trailing whitespace')
}
