import type { Service } from '../../../shared/api/kinds.ts'
import type { Allocation } from '../strategy.ts'
import { clusterIpOf, giveClusterIp, wantsClusterIp } from './cluster-ip-allocation.ts'
import { giveHealthCheckPort, healthCheckPortOf, wantsHealthCheckPort } from './health-check-port-allocation.ts'
import { giveNodePorts, nodePortsOf, wantsNodePorts } from './node-port-allocation.ts'

/** The addresses and the node ports of Services. */
export const serviceAllocation: Allocation<Service> = {
  heldBy: ({ spec }) => [...clusterIpOf(spec), ...[...nodePortsOf(spec), ...healthCheckPortOf(spec)].map(String)],

  async allocate(service, context) {
    const { random, serviceNetwork } = context
    const { addresses, nodePorts } = serviceNetwork
    const { spec } = service
    const before = context.current?.spec
    const isAddressWanted = wantsClusterIp(spec, before)
    const arePortsWanted = wantsNodePorts(spec, before)
    const isHealthCheckWanted = wantsHealthCheckPort(spec, before)
    if (!isAddressWanted && !arePortsWanted && !isHealthCheckWanted) return
    const taken = await context.taken()
    if (isAddressWanted) giveClusterIp(service, addresses, taken, random)
    if (arePortsWanted) {
      const inUse = new Set([...taken, ...healthCheckPortOf(before).map(String)])
      giveNodePorts(service, before, nodePorts, inUse, random)
    }
    if (isHealthCheckWanted) giveHealthCheckPort(spec, nodePorts, taken, random)
  },
}
