import type { Service } from '../../../shared/api/kinds.ts'
import type { Allocation } from '../strategy.ts'
import { clusterIpOf, giveClusterIp, wantsClusterIp } from './cluster-ip-allocation.ts'
import { giveNodePorts, nodePortsOf, wantsNodePorts } from './node-port-allocation.ts'

/** The addresses and the node ports of Services. */
export const serviceAllocation: Allocation<Service> = {
  heldBy: ({ spec }) => [...clusterIpOf(spec), ...[...nodePortsOf(spec)].map(String)],

  async allocate(service, context) {
    const { random, serviceNetwork } = context
    const before = context.current?.spec
    const isAddressWanted = wantsClusterIp(service.spec, before)
    const arePortsWanted = wantsNodePorts(service.spec, before)
    if (!isAddressWanted && !arePortsWanted) return
    const taken = await context.taken()
    if (isAddressWanted) giveClusterIp(service, serviceNetwork.addresses, taken, random)
    if (arePortsWanted) giveNodePorts(service, before, serviceNetwork.nodePorts, taken, random)
  },
}
