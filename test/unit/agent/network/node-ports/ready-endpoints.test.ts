import { expect, it } from 'vitest'
import { countReadyEndpoints } from '../../../../../agent/network/node-ports/ready-endpoints.ts'
import type { Endpoint } from '../../../../../shared/api/generated/discovery-v1.ts'
import { anEndpointSlice } from '../../../../support/service-objects.ts'

const endpoint = (address: string, conditions: Endpoint['conditions'] = {}, nodeName = 'here'): Endpoint => {
  return { addresses: [address], conditions, nodeName }
}

it('countReadyEndpoints counts each address of these nodes once, ready and not ending', () => {
  const first = anEndpointSlice('web', {
    endpoints: [
      endpoint('10.42.0.4'),
      endpoint('10.42.0.5', { ready: true }),
      endpoint('10.42.0.6', { ready: false }),
      // Published though it is not ready.
      endpoint('10.42.0.7', { ready: true, terminating: true }),
      endpoint('10.42.1.4', { ready: true }, 'mate'),
      endpoint('10.42.2.4', { ready: true }, 'elsewhere'),
    ],
  })
  const second = anEndpointSlice('web', { endpoints: [endpoint('10.42.0.4')] })
  const six = anEndpointSlice('web', { addressType: 'IPv6', endpoints: [endpoint('fd00::4')] })
  expect(countReadyEndpoints([first, second, six], ['here', 'mate'])).toBe(3)
})
