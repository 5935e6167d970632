/** Whether Pods have a network on this node; the Node's condition `NetworkUnavailable` is the opposite. */
export interface NetworkCondition {
  isAvailable: boolean
  reason: string
  message: string
}

export const SERVICES_UNAVAILABLE = 'ServicesUnavailable'
export const NOT_TOLD: NetworkCondition = unavailable('NoPodCIDR', 'the node has no range of Pod addresses yet')
export const STARTING: NetworkCondition = unavailable('NetworkStarting', 'the Pod network is being set up')
export const UP: NetworkCondition = {
  isAvailable: true,
  reason: 'PodNetworkIsUp',
  message: 'the Pod network is up on this node',
}

export function failing(message: string): NetworkCondition {
  return unavailable('PodNetworkFailed', message)
}

/** Pods reach each other, but neither Services nor, by these, names. `refusal`: what the kernel says of their rules. */
export function withoutServices(refusal: string): NetworkCondition {
  const message = `the Pod network is up on this node, but Services are not: the kernel refuses their nftables rules: ${refusal}`
  return { isAvailable: true, reason: SERVICES_UNAVAILABLE, message }
}

function unavailable(reason: string, message: string): NetworkCondition {
  return { isAvailable: false, reason, message }
}
