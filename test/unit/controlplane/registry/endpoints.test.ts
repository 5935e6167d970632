import { beforeEach, describe, expect, it } from 'vitest'
import { ENDPOINT_SLICES, ENDPOINTS, type EndpointSlice } from '../../../../shared/api/kinds.ts'
import { anEndpointSlice, someEndpoints } from '../../../support/service-objects.ts'
import { causesOf, type TestRegistry, testRegistry } from '../../../support/test-registry.ts'

let test: TestRegistry

beforeEach(async () => {
  test = await testRegistry()
})

describe('Endpoints', () => {
  it('have TCP ports unless they say otherwise', async () => {
    const { subsets } = await test.create(ENDPOINTS, someEndpoints('web'))
    expect(subsets?.[0]?.ports).toEqual([{ port: 80, protocol: 'TCP' }])
  })

  it('are refused with all that is wrong with them', async () => {
    const subsets = [
      { ports: [{ port: 80 }] },
      {
        addresses: [{ ip: '127.0.0.1' }, { ip: 'here', hostname: 'A' }],
        ports: [
          { port: 0, name: 'a' },
          { port: 1, protocol: 'ICMP' },
        ],
      },
    ]
    expect(await test.refusals(ENDPOINTS, { metadata: { name: 'web' }, subsets })).toEqual([
      'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
      'subsets[1].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'subsets[1].addresses[1].ip: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      expect.stringMatching(/^subsets\[1\]\.addresses\[1\]\.hostname: Invalid value: "A": a lowercase RFC 1123 label/),
      'subsets[1].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'subsets[1].ports[1].name: Required value',
      'subsets[1].ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ])
  })
})

describe('an EndpointSlice', () => {
  const refusals = (of: Partial<EndpointSlice>) => test.refusals(ENDPOINT_SLICES, anEndpointSlice('web', of))

  it('has ports with a name and a protocol', async () => {
    const { ports, metadata } = await test.create(ENDPOINT_SLICES, anEndpointSlice('web'))
    expect(ports).toEqual([{ name: '', port: 80, protocol: 'TCP' }])
    expect(metadata.generation).toBe(1)
  })

  it('counts its versions', async () => {
    await test.create(ENDPOINT_SLICES, anEndpointSlice('web'))
    const { object } = await test.registry.update(
      ENDPOINT_SLICES,
      { namespace: 'default', name: 'web' },
      (current) => ({ ...(current as EndpointSlice), endpoints: [] }),
      {},
    )
    expect(object.metadata.generation).toBe(2)
  })

  it.each<[string, Partial<EndpointSlice>, string[]]>([
    ['no type', { addressType: '' }, ['addressType: Required value']],
    [
      'a type that is none',
      { addressType: 'IP' },
      ['addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"'],
    ],
    [
      'addresses of another type',
      { addressType: 'IPv6' },
      ['endpoints[0].addresses[0]: Invalid value: "10.42.0.5": must be a valid IPv6 address'],
    ],
    [
      'an endpoint without addresses',
      { endpoints: [{ addresses: [] }] },
      ['endpoints[0].addresses: Required value: must contain at least 1 address'],
    ],
    ['ports of the same name', { ports: [{ port: 1 }, { port: 2 }] }, ['ports[1].name: Duplicate value: ""']],
    [
      'more endpoints than fit',
      { endpoints: Array.from({ length: 1001 }, () => ({ addresses: ['10.0.0.1'] })) },
      ['endpoints: Too many: 1001: must have at most 1000 items'],
    ],
    [
      'hints that repeat themselves',
      { endpoints: [{ addresses: ['10.0.0.1'], hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }] },
      ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
    ],
  ])('is refused with %s', async (_, of, wrong) => {
    expect(await refusals(of)).toEqual(wrong)
  })

  it('keeps its type', async () => {
    await test.create(ENDPOINT_SLICES, anEndpointSlice('web'))
    const change = test.registry.update(
      ENDPOINT_SLICES,
      { namespace: 'default', name: 'web' },
      (current) => ({ ...(current as EndpointSlice), addressType: 'FQDN', endpoints: [] }),
      {},
    )
    expect(await change.then(() => [], causesOf)).toEqual(['addressType: Invalid value: "FQDN": field is immutable'])
  })
})
