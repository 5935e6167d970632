import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../../shared/cluster-facts.ts'
import { RuntimeFailure } from '../../runtime/runtime.ts'

const MAX_HOSTNAME = 63
/** What the kernel keeps as a machine's name. */
const MAX_KERNEL_NAME = 64

export interface PodNames {
  /** What `hostname` prints. */
  hostname: string
  /** What follows the hostname in the Pod's full name, for a Pod with a subdomain. */
  domain?: string
}

/** A Pod's names. Throws a RuntimeFailure where its full name is to be the hostname, and is too long for that. */
export function podNames({ metadata, spec }: Pod): PodNames {
  if (spec?.hostnameOverride) return { hostname: spec.hostnameOverride }
  const hostname = cut(spec?.hostname || metadata.name || '')
  if (!spec?.subdomain) return { hostname }
  const domain = `${spec.subdomain}.${metadata.namespace}.svc.${DEFAULT_CLUSTER_FACTS.domain}`
  return spec.setHostnameAsFQDN ? { hostname: fullName(hostname, domain) } : { hostname, domain }
}

function cut(name: string): string {
  return name.slice(0, MAX_HOSTNAME).replace(/[-.]+$/, '')
}

function fullName(hostname: string, domain: string): string {
  const name = `${hostname}.${domain}`
  if (name.length <= MAX_KERNEL_NAME) return name
  const lengths = `(${MAX_KERNEL_NAME} characters is the max, ${name.length} characters requested)`
  const why = `FQDN ${name} is too long ${lengths}`
  throw new RuntimeFailure('invalid', `failed to construct FQDN from pod hostname and cluster domain, ${why}`)
}
