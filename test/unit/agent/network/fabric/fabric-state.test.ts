import { expect, it } from 'vitest'
import { otherMachines } from '../../../../../agent/network/fabric/fabric-state.ts'

it('takes no peer for another machine until this one’s own address is known', () => {
  const peer = (name: string, address?: string) => ({ name, podCIDRs: [], ...(address ? { address } : {}) })
  const peers = [peer('a', '10.0.0.7'), peer('b', '10.0.0.5'), peer('c', '10.0.0.7'), peer('d')]
  const ranges = { clusterCIDR: '10.42.0.0/16', serviceCIDR: '10.43.0.0/16' }
  expect(otherMachines({ ...ranges, own: {}, peers })).toEqual([])
  expect(otherMachines({ ...ranges, own: { address: '10.0.0.5' }, peers })).toEqual(['10.0.0.7'])
})
