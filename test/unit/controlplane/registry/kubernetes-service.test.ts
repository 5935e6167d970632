import { describe, expect, it } from 'vitest'
import { createRegistry } from '../../../../controlplane/registry/create-registry.ts'
import { bootstrapKubernetesService } from '../../../../controlplane/registry/services/bootstrap-kubernetes-service.ts'
import { DEFAULT_SERVICE_NETWORK } from '../../../../controlplane/registry/services/service-network.ts'
import { SERVICES } from '../../../../shared/api/kinds.ts'
import { Ipv4Range } from '../../../../shared/ipv4-range.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { testRegistry } from '../../../support/test-registry.ts'

const range = Ipv4Range.parse('10.43.0.0/16')

describe('the Service kubernetes', () => {
  it('has the first address, and follows the API to another port', async () => {
    const { registry, get } = await testRegistry()
    await bootstrapKubernetesService(registry, range, 7443)
    const first = await get(SERVICES, 'kubernetes')
    expect(first.metadata.labels).toEqual({ component: 'apiserver', provider: 'kubernetes' })
    expect(first.spec).toMatchObject({
      type: 'ClusterIP',
      clusterIP: '10.43.0.1',
      sessionAffinity: 'None',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 7443 }],
    })
    await bootstrapKubernetesService(registry, range, 7443)
    expect((await get(SERVICES, 'kubernetes')).metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    await bootstrapKubernetesService(registry, range, 7444)
    expect((await get(SERVICES, 'kubernetes')).spec.ports?.[0]?.targetPort).toBe(7444)
  })

  it('keeps a cluster to its range', async () => {
    const { registry, store, clock } = await testRegistry()
    await bootstrapKubernetesService(registry, range, 7443)
    const addresses = Ipv4Range.parse('10.44.0.0/16')
    const serviceNetwork = { ...DEFAULT_SERVICE_NETWORK, addresses }
    const restarted = createRegistry({ store, clock, random: seededRandom(2), serviceNetwork })
    await expect(bootstrapKubernetesService(restarted, addresses, 7443)).rejects.toThrow(
      'the Services of this cluster are of another range: kubernetes has 10.43.0.1 and not 10.44.0.1',
    )
  })
})
