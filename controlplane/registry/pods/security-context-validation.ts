import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
} from '../../../shared/api/generated/core-v1.ts'
import { sysctlName, sysctlNamespace } from '../../../shared/sysctls.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateRelativePath } from './file-path-validation.ts'

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined']
const PROC_MOUNTS = ['Default', 'Unmasked']
const CHANGE_POLICIES = ['Always', 'OnRootMismatch']
const GROUP_POLICIES = ['Merge', 'Strict']
const SELINUX_POLICIES = ['MountOption', 'Recursive']
const MAX_ID = 2 ** 31 - 1
const MAX_PROFILE_BYTES = 4095
const MAX_SYSCTL_NAME = 253
const SYSCTL_SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SYSCTL = `^(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}$`

export function validatePodSecurityContext(spec: PodSpec, path: string, errors: FieldErrors): void {
  const security: PodSecurityContext = spec.securityContext ?? {}
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) {
    validateId(security[field], `${path}.${field}`, errors)
  }
  for (const [index, id] of (security.supplementalGroups ?? []).entries()) {
    validateId(id, `${path}.supplementalGroups[${index}]`, errors)
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    errors.invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled')
  }
  validateSysctls(security.sysctls ?? [], spec, `${path}.sysctls`, errors)
  validatePolicy(security.fsGroupChangePolicy, CHANGE_POLICIES, `${path}.fsGroupChangePolicy`, errors)
  validateProfiles(security, path, errors)
  validatePolicy(security.supplementalGroupsPolicy, GROUP_POLICIES, `${path}.supplementalGroupsPolicy`, errors)
  validatePolicy(security.seLinuxChangePolicy, SELINUX_POLICIES, `${path}.seLinuxChangePolicy`, errors)
}

/** Of a container of a Pod with `hostUsers`, which is true unless told. */
export function validateSecurityContext(
  security: SecurityContext,
  hostUsers: boolean,
  path: string,
  errors: FieldErrors,
): void {
  for (const field of ['runAsUser', 'runAsGroup'] as const) validateId(security[field], `${path}.${field}`, errors)
  validatePolicy(security.procMount, PROC_MOUNTS, `${path}.procMount`, errors)
  if (hostUsers && security.procMount === 'Unmasked') {
    errors.invalid(`${path}.procMount`, security.procMount, '`hostUsers` must be false to use `Unmasked`')
  }
  validateProfiles(security, path, errors)
  if (security.allowPrivilegeEscalation === false) validateNoEscalation(security, path, errors)
}

/** What gives all privileges cannot go with having no more than one began with. */
function validateNoEscalation(security: SecurityContext, path: string, errors: FieldErrors): void {
  const cannot = 'cannot set `allowPrivilegeEscalation` to false and'
  if (security.privileged) errors.invalid(path, security, `${cannot} \`privileged\` to true`)
  if (security.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    errors.invalid(path, security, `${cannot} \`capabilities.Add\` CAP_SYS_ADMIN`)
  }
}

function validateProfiles(
  { seccompProfile, appArmorProfile }: Pick<SecurityContext, 'seccompProfile' | 'appArmorProfile'>,
  path: string,
  errors: FieldErrors,
): void {
  if (seccompProfile) validateSeccomp(seccompProfile, `${path}.seccompProfile`, errors)
  if (appArmorProfile) validateAppArmor(appArmorProfile, `${path}.appArmorProfile`, errors)
}

function validateSeccomp(profile: SeccompProfile, path: string, errors: FieldErrors): void {
  const { type, localhostProfile } = profile
  if (!type) errors.required(`${path}.type`, 'type is required when seccompProfile is set')
  else validatePolicy(type, PROFILE_TYPES, `${path}.type`, errors)
  const at = `${path}.localhostProfile`
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) errors.invalid(at, profile, 'can only be set when seccomp type is Localhost')
  } else if (localhostProfile === undefined) errors.required(at, 'must be set when seccomp type is Localhost')
  else validateRelativePath(localhostProfile, at, errors)
}

function validateAppArmor({ type, localhostProfile }: AppArmorProfile, path: string, errors: FieldErrors): void {
  if (!type) errors.required(`${path}.type`, 'type is required when appArmorProfile is set')
  else validatePolicy(type, PROFILE_TYPES, `${path}.type`, errors)
  const at = `${path}.localhostProfile`
  if (type === 'Localhost') validateLoadedProfile(localhostProfile ?? '', at, errors)
  else if (localhostProfile !== undefined && PROFILE_TYPES.includes(type)) {
    errors.invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')
  }
}

function validateLoadedProfile(name: string, path: string, errors: FieldErrors): void {
  if (name !== name.trim()) errors.invalid(path, name, 'must not be padded with whitespace')
  else if (name === '') errors.required(path, 'must be set when AppArmor type is Localhost')
  if (Buffer.byteLength(name) > MAX_PROFILE_BYTES) errors.tooLong(path, MAX_PROFILE_BYTES)
}

function validateSysctls(sysctls: readonly Sysctl[], spec: PodSpec, path: string, errors: FieldErrors): void {
  const names = new Set<string>()
  for (const [index, { name }] of sysctls.entries()) {
    const at = `${path}[${index}].name`
    if (!name) errors.required(at)
    else if (name.length > MAX_SYSCTL_NAME || !new RegExp(SYSCTL).test(name)) {
      errors.invalid(at, name, `must have at most ${MAX_SYSCTL_NAME} characters and match regex ${SYSCTL}`)
    } else if (names.has(name)) errors.duplicate(at, name)
    validateOwnNamespace(name, spec, at, errors)
    names.add(name)
  }
}

/** A parameter of a namespace that is the machine's would be set for the machine. */
function validateOwnNamespace(name: string, spec: PodSpec, path: string, errors: FieldErrors): void {
  const namespace = sysctlNamespace(sysctlName(name))
  if (spec.hostNetwork && namespace === 'net') {
    errors.invalid(path, name, "may not be specified when 'hostNetwork' is true")
  } else if (spec.hostIPC && namespace === 'ipc') {
    errors.invalid(path, name, "may not be specified when 'hostIPC' is true")
  }
}

function validatePolicy(
  value: string | undefined,
  supported: readonly string[],
  path: string,
  errors: FieldErrors,
): void {
  if (value !== undefined && !supported.includes(value)) errors.notSupported(path, value, supported)
}

function validateId(id: number | undefined, path: string, errors: FieldErrors): void {
  if (id === undefined || (id >= 0 && id <= MAX_ID)) return
  errors.invalid(path, id, `must be between 0 and ${MAX_ID}, inclusive`)
}
