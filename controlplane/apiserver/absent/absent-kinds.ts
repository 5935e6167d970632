import type { Kind } from '../../../shared/api/kinds.ts'

/** A kind of the Kubernetes API that manifests often hold and that is not there yet. */
export interface AbsentKind extends Kind {
  /** What would not happen if one were accepted. */
  readonly loss: string
}

const NETWORKING = { group: 'networking.k8s.io', version: 'v1', categories: [] }

export const ABSENT_KINDS: readonly AbsentKind[] = [
  {
    ...NETWORKING,
    kind: 'Ingress',
    plural: 'ingresses',
    singular: 'ingress',
    shortNames: ['ing'],
    namespaced: true,
    type: 'networking.v1.Ingress',
    loss: 'no request would be routed by it. Services of type LoadBalancer or NodePort are reached from outside',
  },
  {
    ...NETWORKING,
    kind: 'IngressClass',
    plural: 'ingressclasses',
    singular: 'ingressclass',
    shortNames: [],
    namespaced: false,
    type: 'networking.v1.IngressClass',
    loss: 'there is no Ingress either',
  },
  {
    ...NETWORKING,
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    singular: 'networkpolicy',
    shortNames: ['netpol'],
    namespaced: true,
    type: 'networking.v1.NetworkPolicy',
    loss: 'it would keep no connection out',
  },
]
