import type { Container, PodSpec, PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import { applyContainerDefaults } from './container-defaults.ts'
import { applyVolumeDefaults } from './volume-defaults.ts'

const GRACE_SECONDS = 30

/** What Kubernetes fills in for a Pod, itself or in a template. */
export function applyPodSpecDefaults(spec: PodSpec): void {
  spec.restartPolicy ||= 'Always'
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.terminationGracePeriodSeconds ??= GRACE_SECONDS
  spec.securityContext ??= {}
  spec.schedulerName ||= 'default-scheduler'
  const serviceAccount = spec.serviceAccountName || spec.serviceAccount
  if (serviceAccount) spec.serviceAccountName = spec.serviceAccount = serviceAccount
  for (const container of allContainers(spec)) applyContainerDefaults(container)
  for (const volume of spec.volumes ?? []) applyVolumeDefaults(volume)
}

export function applyTemplateDefaults(template: PodTemplateSpec): void {
  template.metadata ??= {}
  template.spec ??= { containers: [] }
  applyPodSpecDefaults(template.spec)
}

/** What is filled in for a Pod, but not for a template. */
export function applyPodOnlyDefaults(spec: PodSpec): void {
  spec.enableServiceLinks ??= true
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    requestWhatIsLimited(container)
    if (spec.hostNetwork) useHostPorts(container)
  }
}

/** What is filled in for a new Pod: there are no ServiceAccounts yet, but each Pod names one. */
export function nameServiceAccount(spec: PodSpec): void {
  spec.serviceAccountName = spec.serviceAccount = spec.serviceAccountName || 'default'
}

function allContainers(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
}

function requestWhatIsLimited({ resources }: Container): void {
  if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests }
}

function useHostPorts({ ports = [] }: Container): void {
  for (const port of ports) port.hostPort ||= port.containerPort
}
