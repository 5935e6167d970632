import { HOSTNAME_LABEL, REGION_LABEL, ZONE_LABEL } from './topology-labels.ts'

/** Labels in Kubernetes' domains that a node may give itself. Source: the NodeRestriction admission plugin. */
const ALLOWED_LABELS: ReadonlySet<string> = new Set([
  HOSTNAME_LABEL,
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  REGION_LABEL,
  ZONE_LABEL,
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
])
const ALLOWED_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const RESERVED_DOMAINS = ['kubernetes.io', 'k8s.io', 'node-restriction.kubernetes.io']

/** True for a label that a node must not set or change on its own Node: Pods are kept apart by such labels. */
export function isReservedNodeLabel(label: string): boolean {
  const slash = label.indexOf('/')
  if (slash < 0 || ALLOWED_LABELS.has(label)) return false
  const domain = label.slice(0, slash)
  return isWithin(domain, RESERVED_DOMAINS) && !isWithin(domain, ALLOWED_DOMAINS)
}

function isWithin(domain: string, domains: readonly string[]): boolean {
  return domains.some((parent) => domain === parent || domain.endsWith(`.${parent}`))
}
