import type { Container, Pod, ResourceFieldSelector } from '../../../shared/api/generated/core-v1.ts'
import { podFieldPath } from '../../../shared/pod-field-path.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import { ContainerConfigError } from './container-config-error.ts'

/** What a Pod may learn of itself and its node through `fieldRef` and `resourceFieldRef`. */
export interface DownwardFacts {
  pod: Pod
  podIP: string | undefined
  hostIPs: readonly string[]
  /** Stands in for limits that are not set. */
  allocatable: { cpu: string; memory: string; 'ephemeral-storage': string }
}

/** The value of a `fieldRef`, such as `metadata.labels['app']`. */
export function fieldValue(facts: DownwardFacts, fieldPath: string): string {
  const { metadata, spec } = facts.pod
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath)
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  const podIP = spec?.hostNetwork ? facts.hostIPs[0] : facts.podIP
  const values: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec?.nodeName,
    'spec.serviceAccountName': spec?.serviceAccountName,
    'status.hostIP': facts.hostIPs[0],
    'status.hostIPs': facts.hostIPs.join(','),
    'status.podIP': podIP,
    'status.podIPs': podIP,
  }
  const field = podFieldPath(fieldPath)
  if (!Object.hasOwn(values, field)) throw new ContainerConfigError(`unsupported fieldPath: ${fieldPath}`)
  return values[field] ?? ''
}

/** The value of a `resourceFieldRef`, such as `limits.cpu`, in units of its divisor, rounded up. */
export function resourceValue(facts: DownwardFacts, self: Container, reference: ResourceFieldSelector): string {
  const container = findContainer(facts.pod, self, reference.containerName)
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/.exec(reference.resource)
  if (!match) throw new ContainerConfigError(`unsupported container resource: ${reference.resource}`)
  const [, section, resource = ''] = match
  const { limits, requests } = container.resources ?? {}
  const own = section === 'limits' ? limits?.[resource] : requests?.[resource]
  const whole: Record<string, string> = facts.allocatable
  const quantity = own ?? (section === 'limits' ? whole[resource] : undefined) ?? '0'
  const divisor = parseMilli(reference.divisor && reference.divisor !== '0' ? reference.divisor : '1')
  const amount = parseMilli(quantity)
  return String((amount + divisor - 1n) / divisor)
}

function findContainer(pod: Pod, self: Container, name: string | undefined): Container {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const found = name ? all.find((container) => container.name === name) : self
  if (!found) throw new ContainerConfigError(`container ${name} not found`)
  return found
}
