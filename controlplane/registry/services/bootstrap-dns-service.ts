import { isApiError } from '../../../shared/api/api-error.ts'
import { SERVICES, type Service } from '../../../shared/api/kinds.ts'
import { DNS_PORT, DNS_SERVICE, DNS_SERVICE_PLACE } from '../../../shared/dns-service.ts'
import type { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Registry } from '../registry.ts'

/**
 * Creates the DNS Service where it is missing, at the tenth address of the range. Where another Service has that one the
 * cluster goes without, as the log then says: its user is to give the address back.
 */
export async function bootstrapDnsService(registry: Registry, range: Ipv4Range, log: Logger): Promise<void> {
  try {
    await registry.create(SERVICES, dnsService(range.at(DNS_SERVICE_PLACE)), {})
  } catch (error) {
    if (isApiError(error, 'AlreadyExists')) return
    if (!isApiError(error, 'Invalid')) throw error
    log.error({ err: error }, 'there is no DNS for Pods: its Service could not be created')
  }
}

function dnsService(clusterIP: string): Service {
  return {
    metadata: { ...DNS_SERVICE, labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'KubeDNS' } },
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [
        { name: 'dns', port: DNS_PORT, protocol: 'UDP' },
        { name: 'dns-tcp', port: DNS_PORT, protocol: 'TCP' },
      ],
    },
  }
}
