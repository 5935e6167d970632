import type { Service } from '../../../shared/api/kinds.ts'
import type { AllocationContext } from '../strategy.ts'
import { giveClusterIp, wantsClusterIp } from './cluster-ip-allocation.ts'
import { giveNodePorts, wantsNodePorts } from './node-port-allocation.ts'

/** Gives a Service the address and the node ports that it lacks. Throws an ApiError where it cannot have them. */
export async function allocateService(service: Service, context: AllocationContext<Service>): Promise<void> {
  const { random, serviceNetwork } = context
  const before = context.current?.spec
  const isAddressWanted = wantsClusterIp(service.spec, before)
  const arePortsWanted = wantsNodePorts(service.spec, before)
  if (!isAddressWanted && !arePortsWanted) return
  const others = await context.others()
  if (isAddressWanted) giveClusterIp(service, serviceNetwork.addresses, others, random)
  if (arePortsWanted) giveNodePorts(service, before, serviceNetwork.nodePorts, others, random)
}
