import { isApiError } from '../../../shared/api/api-error.ts'
import { SERVICES, type Service } from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { Ipv4Range } from '../../../shared/ipv4-range.ts'
import { KUBERNETES_SERVICE, kubernetesService } from '../../../shared/kubernetes-service.ts'
import type { Registry } from '../registry.ts'

/**
 * Creates the Service `kubernetes` where it is missing, at the first address of the range, and points it to `port`. Throws
 * where it has another address: then Services were given addresses of another range, and a cluster keeps its range.
 */
export async function bootstrapKubernetesService(registry: Registry, range: Ipv4Range, port: number): Promise<void> {
  const wanted = kubernetesService(range.at(1), port)
  try {
    await registry.create(SERVICES, wanted, {})
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
    await pointTo(registry, wanted)
  }
}

async function pointTo(registry: Registry, { spec }: Service): Promise<void> {
  const { clusterIP } = ((await registry.get(SERVICES, KUBERNETES_SERVICE)).object as Persisted<Service>).spec
  if (clusterIP !== spec.clusterIP) {
    const found = `kubernetes has ${clusterIP} and not ${spec.clusterIP}`
    throw new Error(`the Services of this cluster are of another range: ${found}`)
  }
  const change = (current: KubeObject) => ({ ...current, spec: { ...(current as Service).spec, ...spec } })
  await registry.update(SERVICES, KUBERNETES_SERVICE, change, {})
}
