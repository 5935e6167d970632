/** Whether Pods have a network on this node; the Node's condition `NetworkUnavailable` is the opposite. */
export interface NetworkCondition {
  isAvailable: boolean
  reason: string
  message: string
}

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

function unavailable(reason: string, message: string): NetworkCondition {
  return { isAvailable: false, reason, message }
}
