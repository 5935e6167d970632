import type { PodSpec } from '../../../shared/api/generated/core-v1.ts'
import { sysctlName, sysctlNamespace } from '../../../shared/sysctls.ts'
import type { AdmissionCheck } from './pod-admission.ts'

/** Namespaced, and without effect on any other Pod: Kubernetes' list. */
const SAFE = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]

/** Kernel parameters that are the machine's, or not safe and not allowed by whoever runs the agent. */
export const refuseSysctls: AdmissionCheck = ({ spec }, { allowedUnsafeSysctls }) => {
  const allowed = [...SAFE, ...allowedUnsafeSysctls]
  for (const { name } of spec?.securityContext?.sysctls ?? []) {
    const why = objection(sysctlName(name), spec, allowed)
    if (why) return { reason: 'SysctlForbidden', message: `forbidden sysctl: "${sysctlName(name)}" ${why}` }
  }
  return undefined
}

function objection(name: string, spec: PodSpec | undefined, allowed: readonly string[]): string | undefined {
  if (!allowed.some((pattern) => matches(pattern, name))) return 'not allowlisted'
  const namespace = sysctlNamespace(name)
  if (namespace === 'ipc' && spec?.hostIPC) return 'not allowed with host ipc enabled'
  return namespace === 'net' && spec?.hostNetwork ? 'not allowed with host net enabled' : undefined
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
