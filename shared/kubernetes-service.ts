import type { Service } from './api/kinds.ts'

/** The Service by which Pods find the API. */
export const KUBERNETES_SERVICE = { namespace: 'default', name: 'kubernetes' } as const

/** Where the API is reached from Pods. */
export interface ApiWhereabouts {
  readonly port: number
  /** The machine's IPv4 address, which may change; undefined while it has none. */
  address(): string | undefined
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
