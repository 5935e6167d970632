import { describe, expect, it } from 'vitest'
import { decodeAttributes, listAttributes, textOf } from '../../../../../agent/network/netlink/netlink-attributes.ts'
import { encodeChange, encodeTable } from '../../../../../agent/network/nftables/encode-change.ts'
import type { Rule } from '../../../../../agent/network/nftables/rule.ts'
import type { SetDefinition, TableChange, TableFrame } from '../../../../../agent/network/nftables/table.ts'

const SERVICES: SetDefinition = {
  name: 'services',
  key: ['ipv4_addr', 'inet_proto', 'inet_service'],
  value: 'verdict',
}
const ENDPOINTS: SetDefinition = {
  name: 'endpoints',
  key: [...SERVICES.key, 'mark'],
  value: SERVICES.key.toSpliced(1, 1),
}
const FRAME: TableFrame = {
  name: 'kubette',
  sets: [SERVICES, ENDPOINTS],
  chains: [
    {
      name: 'out',
      hook: { type: 'nat', at: 'output', priority: -100 },
      rules: [[{ type: 'lookup', set: 'services', from: 0, to: 'verdict' }]],
    },
  ],
}
const NOTHING: TableChange = {
  addedChains: [],
  deletedElements: new Map(),
  addedElements: new Map(),
  deletedChains: [],
}

const NAMES: Record<number, string> = {
  0: 'add table',
  2: 'delete table',
  3: 'add chain',
  5: 'delete chain',
  6: 'add rule',
  9: 'add set',
  12: 'add elements',
  14: 'delete elements',
}
const nameOf = ({ type }: { type: number }) => NAMES[type & 0xff]
/** What follows the header of netfilter. */
const attributesOf = ({ payload }: { payload: Buffer }) => decodeAttributes(payload.subarray(4))
/** Of a message about elements: key and value of each, as the kernel sees them. */
function elementsOf(message: { payload: Buffer }): string[] {
  return listAttributes(attributesOf(message).get(3)!).map(({ value }) => {
    return listAttributes(value)
      .map((part) => part.value.toString('hex'))
      .join(' ')
  })
}

describe('encodeTable', () => {
  it('makes the table anew, and what elements lead to before them', () => {
    const change = { ...NOTHING, addedChains: [{ name: 'balance-1', rules: [] }] }
    const elements = new Map([['services', new Map([['10.43.0.1 . tcp . 80', 'goto balance-1']])]])
    expect(encodeTable(FRAME, { ...change, addedElements: elements }).map(nameOf)).toEqual([
      ...['add table', 'delete table', 'add table', 'add set', 'add set'],
      ...['add chain', 'add rule', 'add chain', 'add elements'],
    ])
  })
})

describe('a set of a table', () => {
  it('says how many elements it may have, where that is known', () => {
    const sets = [{ name: 'sized', key: ['ipv4_addr'], size: 258 }, ENDPOINTS] as const
    const messages = encodeTable({ name: 'kubette', sets, chains: [] }, NOTHING).filter((message) => {
      return nameOf(message) === 'add set'
    })
    expect(messages.map((message) => attributesOf(message).get(9)?.toString('hex'))).toEqual([
      '0800010000000102',
      undefined,
    ])
  })
})

describe('encodeTable of the family netdev', () => {
  it('hooks chains to links, and sends packets to others', () => {
    const rule: Rule = [
      { type: 'etherType', to: 0 },
      { type: 'value', value: Buffer.of(7, 0, 0, 0), to: 1 },
      { type: 'forward', link: 1 },
    ]
    const hook = { type: 'filter', at: 'ingress', link: 'veth1', priority: 0 } as const
    const links: SetDefinition = { name: 'links', key: ['ipv4_addr'], value: ['iface_index'] }
    const frame = {
      name: 'short',
      family: 'netdev',
      sets: [links],
      chains: [{ name: 'in', hook, rules: [rule] }],
    } as const
    const addedElements = new Map([['links', new Map([['10.42.0.5', '258']])]])
    const messages = encodeTable(frame, { ...NOTHING, addedElements })
    expect(messages.map(({ payload }) => payload[0])).toEqual(Array(7).fill(5))
    const [, , , , chain, inRule] = messages.map(attributesOf)
    const place = decodeAttributes(chain!.get(4)!)
    expect([place.get(1)?.readUInt32BE(), textOf(place.get(3)!)]).toEqual([0, 'veth1'])
    const expressions = listAttributes(inRule!.get(4)!).map(({ value }) => decodeAttributes(value))
    expect(expressions.map((expression) => textOf(expression.get(1)!))).toEqual(['meta', 'immediate', 'fwd'])
    // The key 1 is the protocol; the first register is number 8.
    const hex = expressions.map((expression) => expression.get(2)!.toString('hex'))
    expect(hex[0]).toBe('0800020000000001' + '0800010000000008')
    expect(hex[1]).toBe('0800010000000009' + '0c000280' + '0800010007000000')
    expect(hex[2]).toBe('0800010000000009')
    expect(elementsOf(messages.at(-1)!)).toEqual(['080001000a2a0005 0800010002010000'])
  })
})

describe('encodeChange', () => {
  it('takes elements away before it adds others, and chains when nothing leads to them', () => {
    const change: TableChange = {
      addedChains: [{ name: 'balance-2', rules: [] }],
      deletedElements: new Map([['services', ['10.43.0.1 . tcp . 80']]]),
      addedElements: new Map([['services', new Map([['10.43.0.1 . tcp . 80', 'goto balance-2']])]]),
      deletedChains: ['balance-1'],
    }
    const messages = encodeChange(FRAME, change)
    expect(messages.map(nameOf)).toEqual(['add chain', 'delete elements', 'add elements', 'delete chain'])
    const names = attributesOf(messages[3]!)
    expect([textOf(names.get(1)!), textOf(names.get(3)!)]).toEqual(['kubette', 'balance-1'])
  })

  it('writes keys and values as registers hold them', () => {
    const added = new Map([['endpoints', new Map([['10.43.0.10 . udp . 53 . 258', '10.42.0.5 . 5353']])]])
    const [message] = encodeChange(FRAME, { ...NOTHING, addedElements: added })
    // An attribute in each: 20 and 12 bytes, of type 1.
    const key = '14000100 0a2b000a 11000000 00350000 02010000'.replaceAll(' ', '')
    const value = '0c000100 0a2a0005 14e90000'.replaceAll(' ', '')
    expect(elementsOf(message!)).toEqual([`${key} ${value}`])
  })

  it('writes verdicts with the chain that they lead to', () => {
    const elements = new Map([
      ['10.43.0.1 . tcp . 80', 'drop'],
      ['10.43.0.1 . tcp . 81', 'goto to'],
    ])
    const [message] = encodeChange(FRAME, { ...NOTHING, addedElements: new Map([['services', elements]]) })
    const verdicts = elementsOf(message!).map((element) => element.split(' ')[1])
    expect(verdicts).toEqual(['0c00028008000100' + '00000000', '1400028008000100fffffffc' + '07000200746f0000'])
  })

  it('gives a message no more elements than it can count the bytes of', () => {
    const keys = Array.from({ length: 3000 }, (_, index) => [`10.43.0.1 . tcp . ${index}`, 'goto somewhere'] as const)
    const messages = encodeChange(FRAME, { ...NOTHING, addedElements: new Map([['services', new Map(keys)]]) })
    expect(messages.length).toBeGreaterThan(1)
    expect(messages.flatMap(elementsOf)).toHaveLength(3000)
    for (const { payload } of messages) expect(payload.length).toBeLessThanOrEqual(0xffff)
  })

  it.each([
    ['services', '10.43.0.1 . tcp', 'drop', '"10.43.0.1 . tcp" is no ipv4_addr . inet_proto . inet_service'],
    ['services', '10.43.1 . tcp . 80', 'drop', '"10.43.1" is no IPv4 address'],
    ['services', '10.43.0.1 . tcp . 80', 'perhaps', '"perhaps" is no verdict'],
    ['others', '10.43.0.1 . tcp . 80', 'drop', 'there is no set others in the table kubette'],
  ])('refuses what is no element of %s: %s', (set, key, value, message) => {
    const change = { ...NOTHING, addedElements: new Map([[set, new Map([[key, value]])]]) }
    expect(() => encodeChange(FRAME, change)).toThrow(new RangeError(message))
  })
})
