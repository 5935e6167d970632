import type { Service } from './api/kinds.ts'

/** The Service by which Pods find the API. */
export const KUBERNETES_SERVICE = { namespace: 'default', name: 'kubernetes' } as const

/** Where the API is reached from Pods. */
export interface ApiEndpoint {
  /** IPv4. */
  readonly ip: string
  readonly port: number
}

/** `port`: where the API listens. */
export function kubernetesService(clusterIP: string, port: number): Service {
  return {
    metadata: { ...KUBERNETES_SERVICE, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
  }
}
