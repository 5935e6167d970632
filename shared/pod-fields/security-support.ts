import type { PodSecurityContext, SeccompProfile, SecurityContext } from '../api/generated/core-v1.ts'
import { type FieldSupport, honoured, refused, refusedIf } from './field-support.ts'

const NO_WINDOWS = 'all nodes run Linux'
const NOT_YET = 'this version cannot set it'

export const securityContextSupport: Record<keyof SecurityContext, FieldSupport> = {
  allowPrivilegeEscalation: honoured,
  appArmorProfile: refused(NOT_YET),
  capabilities: honoured,
  privileged: honoured,
  procMount: refusedIf('other than Default', (type: string) => type !== 'Default', NOT_YET),
  readOnlyRootFilesystem: honoured,
  runAsGroup: honoured,
  runAsNonRoot: honoured,
  runAsUser: honoured,
  seLinuxOptions: refused(NOT_YET),
  seccompProfile: honoured,
  windowsOptions: refused(NO_WINDOWS),
}

export const podSecurityContextSupport: Record<keyof PodSecurityContext, FieldSupport> = {
  appArmorProfile: refused(NOT_YET),
  fsGroup: honoured,
  fsGroupChangePolicy: honoured,
  runAsGroup: honoured,
  runAsNonRoot: honoured,
  runAsUser: honoured,
  seLinuxChangePolicy: refused('this version labels no volumes'),
  seLinuxOptions: refused(NOT_YET),
  seccompProfile: honoured,
  supplementalGroups: honoured,
  supplementalGroupsPolicy: refusedIf('Strict', (policy: string) => policy === 'Strict', NOT_YET),
  sysctls: refused(NOT_YET),
  windowsOptions: refused(NO_WINDOWS),
}

export const seccompProfileSupport: Record<keyof SeccompProfile, FieldSupport> = {
  localhostProfile: honoured,
  type: refusedIf('Localhost', (type: string) => type === 'Localhost', 'this version has no profiles on nodes'),
}
