import type { Kind } from '../../../shared/api/kinds.ts'

/** A kind of the Kubernetes API that manifests often hold and that is not there yet. */
export interface AbsentKind extends Kind {
  /** What would not happen if one were accepted. */
  readonly loss: string
  /** Clients look among its objects for what they do not know, and are told that there are none. */
  readonly isListed?: boolean
}

const APPS = { group: 'apps', version: 'v1' }
const AUTOSCALING = { group: 'autoscaling', version: 'v2' }
const BATCH = { group: 'batch', version: 'v1' }
const EXTENSIONS = { group: 'apiextensions.k8s.io', version: 'v1' }
const NETWORKING = { group: 'networking.k8s.io', version: 'v1' }

export const ABSENT_KINDS: readonly AbsentKind[] = [
  absent('apps.v1.DaemonSet', APPS, ['ds'], 'no node would get a Pod of it'),
  absent(
    'apps.v1.StatefulSet',
    APPS,
    ['sts'],
    'no Pod would be made for it. Deployments and Pods can have claims, too',
  ),
  absent('batch.v1.CronJob', BATCH, ['cj'], 'nothing would be run at its times'),
  absent('batch.v1.Job', BATCH, [], 'nothing would be run. A Pod with restartPolicy OnFailure is run to its end'),
  absent('autoscaling.v2.HorizontalPodAutoscaler', AUTOSCALING, ['hpa'], 'nothing would be scaled by it'),
  {
    ...absent(
      'networking.v1.Ingress',
      NETWORKING,
      ['ing'],
      'no request would be routed by it. Services of type LoadBalancer or NodePort are reached from outside',
    ),
    plural: 'ingresses',
  },
  {
    ...absent('networking.v1.IngressClass', NETWORKING, [], 'there is no Ingress either'),
    plural: 'ingressclasses',
    namespaced: false,
  },
  {
    ...absent('networking.v1.NetworkPolicy', NETWORKING, ['netpol'], 'it would keep no connection out'),
    plural: 'networkpolicies',
  },
  {
    ...absent(
      'apiextensions.v1.CustomResourceDefinition',
      EXTENSIONS,
      ['crd', 'crds'],
      'there would be no objects of the kind that it defines',
    ),
    namespaced: false,
    isListed: true,
  },
]

/** In a namespace, with the usual names. */
function absent(
  type: string,
  where: Pick<Kind, 'group' | 'version'>,
  shortNames: readonly string[],
  loss: string,
): AbsentKind {
  const kind = type.slice(type.lastIndexOf('.') + 1)
  const singular = kind.toLowerCase()
  return { ...where, kind, plural: `${singular}s`, singular, shortNames, categories: [], namespaced: true, type, loss }
}
