import type { PodSecurityContext, SecurityContext } from '../api/generated/core-v1.ts'
import { type FieldSupport, honoured, refused, refusedIf } from './field-support.ts'

const NO_WINDOWS = 'all nodes run Linux'
const NO_USERS = 'Docker has one user namespace for all its containers'

export const securityContextSupport: Record<keyof SecurityContext, FieldSupport> = {
  allowPrivilegeEscalation: honoured,
  appArmorProfile: honoured,
  capabilities: honoured,
  privileged: honoured,
  procMount: refusedIf('other than Default', (type: string) => type !== 'Default', NO_USERS),
  readOnlyRootFilesystem: honoured,
  runAsGroup: honoured,
  runAsNonRoot: honoured,
  runAsUser: honoured,
  seLinuxOptions: honoured,
  seccompProfile: honoured,
  windowsOptions: refused(NO_WINDOWS),
}

export const podSecurityContextSupport: Record<keyof PodSecurityContext, FieldSupport> = {
  appArmorProfile: honoured,
  fsGroup: honoured,
  fsGroupChangePolicy: honoured,
  runAsGroup: honoured,
  runAsNonRoot: honoured,
  runAsUser: honoured,
  seLinuxChangePolicy: refused('this version labels no volumes'),
  seLinuxOptions: honoured,
  seccompProfile: honoured,
  supplementalGroups: honoured,
  supplementalGroupsPolicy: honoured,
  sysctls: honoured,
  windowsOptions: refused(NO_WINDOWS),
}
