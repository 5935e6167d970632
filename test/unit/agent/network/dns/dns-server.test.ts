import { type Answer, type DecodedPacket, decode, encode, RECURSION_DESIRED } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ClusterZone } from '../../../../../agent/network/dns/cluster-zone.ts'
import { DnsServer } from '../../../../../agent/network/dns/dns-server.ts'
import { ServiceDirectory } from '../../../../../agent/network/dns/service-directory.ts'
import { type Exchange, type Transport, Upstream } from '../../../../../agent/network/dns/upstream.ts'
import { sampleService, sampleSlice } from '../../../../support/dns-objects.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const many = Array.from({ length: 80 }, (_, index) => ({ address: `10.42.9.${index + 1}` }))
const services = [
  sampleService('web'),
  sampleService('big', { clusterIP: 'None' }),
  sampleService('out', { type: 'ExternalName', externalName: 'www.example.com' }),
  sampleService('alias', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
  sampleService('loop', { type: 'ExternalName', externalName: 'loop.default.svc.cluster.local' }),
]
const zone = new ClusterZone('cluster.local', new ServiceDirectory(services, [sampleSlice('big', many)]))

function setUp(options: { exchange?: Exchange; isKnown?: boolean } = {}) {
  const clock = new VirtualClock()
  const random = seededRandom(1)
  const asked: { name: string; transport: Transport; server: string }[] = []
  const exchange: Exchange = async (query, server, transport, signal) => {
    const name = decode(query).questions?.[0]?.name ?? ''
    asked.push({ name, transport, server: server.address })
    if (options.exchange) return options.exchange(query, server, transport, signal)
    return answerWith(query, [{ type: 'A', name, ttl: 60, data: '192.0.2.1' }])
  }
  const servers = async () => [
    { address: '192.0.2.53', port: 53 },
    { address: '192.0.2.54', port: 53 },
  ]
  const upstream = new Upstream({ servers, exchange, clock, random })
  const isClusterAddress = (address: string) => address.startsWith('10.42.') || address.startsWith('10.43.')
  const known = options.isKnown ?? true
  const server = new DnsServer({ zone: () => (known ? zone : undefined), isClusterAddress, upstream, clock, random })
  const ask = async (name: string, more: { type?: string; transport?: Transport; bytes?: number } = {}) => {
    const answer = await server.answer(queryFor(name, more), more.transport ?? 'udp')
    return answer && { ...(decode(answer) as DecodedPacket & { rcode: string }), bytes: answer.length }
  }
  return { server, ask, asked, clock }
}

function queryFor(name: string, { type = 'A', bytes }: { type?: string; bytes?: number }): Buffer {
  const opt = { type: 'OPT', name: '.', udpPayloadSize: bytes, flags: 0, options: [] } as unknown as Answer
  return encode({
    type: 'query',
    id: 4711,
    flags: RECURSION_DESIRED,
    questions: [{ name, type: type as 'A', class: 'IN' }],
    ...(bytes === undefined ? {} : { additionals: [opt] }),
  })
}

function answerWith(query: Buffer, answers: Answer[], flags = 0): Buffer {
  const { id, questions } = decode(query)
  return encode({ type: 'response', ...(id === undefined ? {} : { id }), flags, questions: questions ?? [], answers })
}

describe('a DNS server of the cluster', () => {
  test('answers in the spelling of the question', async () => {
    const answer = await setUp().ask('WEB.default.svc.Cluster.local')
    expect(answer).toMatchObject({ id: 4711, rcode: 'NOERROR', flag_aa: true, flag_ra: true, flag_rd: true })
    expect(answer?.questions?.[0]?.name).toBe('WEB.default.svc.Cluster.local')
    expect(answer?.answers).toMatchObject([{ data: '10.43.0.20', ttl: 5 }])
  })

  test('says how long an absence holds', async () => {
    const answer = await setUp().ask('example.com.default.svc.cluster.local')
    expect(answer).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ type: 'SOA', ttl: 5 }] })
  })

  test.each(['HTTPS', 'AAAA', 'MX'])('has no %s of a Service, but does not deny its name', async (type) => {
    const wanted = type === 'HTTPS' ? 'UNKNOWN_65' : type
    expect(await setUp().ask('web.default.svc.cluster.local', { type: wanted })).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
    })
  })

  test('asks the machine’s servers for other names, and remembers what they said as long as that holds', async () => {
    const { ask, asked, clock } = setUp()
    await ask('Example.com')
    await clock.advance(10_000)
    const again = await ask('example.COM')
    expect(again).toMatchObject({ id: 4711, questions: [{ name: 'example.COM' }], answers: [{ ttl: 50 }] })
    expect(asked).toHaveLength(1)
    await clock.advance(20_001)
    await ask('example.com')
    expect(asked).toHaveLength(2)
  })

  test('asks the next server where one does not answer, and then that one first', async () => {
    const { ask, asked } = setUp({
      exchange: async (query, { address }) => {
        if (address === '192.0.2.53') throw new Error('refused')
        return answerWith(query, [])
      },
    })
    expect(await ask('one.example')).toMatchObject({ rcode: 'NOERROR' })
    await ask('two.example')
    expect(asked.map(({ server }) => server)).toEqual(['192.0.2.53', '192.0.2.54', '192.0.2.54'])
  })

  test('gives up before a resolver does', async () => {
    const exchange: Exchange = (_query, _server, _transport, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const { ask, clock } = setUp({ exchange })
    const answer = ask('example.com')
    for (let second = 0; second < 5; second++) await clock.advance(999)
    expect(await answer).toMatchObject({ rcode: 'SERVFAIL' })
  })

  test('hands on a truncated answer and does not keep it', async () => {
    const { ask, asked } = setUp({
      exchange: async (query) => answerWith(query, [{ type: 'A', name: 'a', ttl: 60, data: '192.0.2.1' }], 0x0200),
    })
    expect(await ask('long.example')).toMatchObject({ flag_tc: true })
    await ask('long.example')
    await ask('long.example', { transport: 'tcp' })
    expect(asked.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp'])
  })

  test('cuts what does not fit into a datagram, and gives all of it over TCP', async () => {
    const { ask } = setUp()
    const name = 'big.default.svc.cluster.local'
    const cut = await ask(name)
    expect(cut).toMatchObject({ flag_tc: true, answers: [] })
    expect((await ask(name, { bytes: 4096 }))?.answers).toHaveLength(80)
    expect((await ask(name, { transport: 'tcp' }))?.answers).toHaveLength(80)
  })

  test('does not always name the same endpoint first', async () => {
    const { ask } = setUp()
    const first = async () => {
      const [answer] = (await ask('big.default.svc.cluster.local', { transport: 'tcp' }))?.answers ?? []
      return answer && 'data' in answer ? answer.data : undefined
    }
    expect(new Set([await first(), await first(), await first(), await first()]).size).toBeGreaterThan(1)
  })

  test('follows an ExternalName to its addresses, in the cluster and outside', async () => {
    const { ask } = setUp()
    expect((await ask('out.default.svc.cluster.local'))?.answers).toMatchObject([
      { type: 'CNAME', data: 'www.example.com' },
      { type: 'A', data: '192.0.2.1' },
    ])
    expect((await ask('alias.default.svc.cluster.local'))?.answers).toMatchObject([
      { type: 'CNAME' },
      { type: 'A', data: '10.43.0.20' },
    ])
  })

  test('does not follow for ever', async () => {
    expect(await setUp().ask('loop.default.svc.cluster.local')).toMatchObject({ rcode: 'SERVFAIL' })
  })

  test('knows the names of the cluster’s addresses, and does not ask others for them', async () => {
    const { ask, asked } = setUp()
    expect((await ask('20.0.43.10.in-addr.arpa', { type: 'PTR' }))?.answers).toMatchObject([
      { data: 'web.default.svc.cluster.local' },
    ])
    expect(await ask('7.7.42.10.in-addr.arpa', { type: 'PTR' })).toMatchObject({ rcode: 'NXDOMAIN' })
    expect(asked).toEqual([])
    await ask('1.2.0.192.in-addr.arpa', { type: 'PTR' })
    expect(asked).toHaveLength(1)
  })

  test('says that it cannot know as long as it knows nothing of the cluster', async () => {
    const { ask, asked } = setUp({ isKnown: false })
    expect(await ask('web.default.svc.cluster.local')).toMatchObject({ rcode: 'SERVFAIL' })
    expect(asked).toEqual([])
  })

  test.each([
    ['too short', Buffer.alloc(5), undefined],
    ['an answer', Buffer.from(queryFor('a.b', {})).fill(0x80, 2, 3), undefined],
    ['another operation', Buffer.from(queryFor('a.b', {})).fill(0x28, 2, 3), 4],
    ['no question', Buffer.alloc(12), 1],
    ['an endless name', Buffer.concat([queryFor('a.b', {}).subarray(0, 12), Buffer.of(63)]), 1],
  ])('refuses what is no query: %s', async (_what, message, code) => {
    const answer = await setUp().server.answer(message, 'udp')
    expect(answer && answer.readUInt8(3) & 0xf).toBe(code)
  })

  test('never fails, whatever comes', async () => {
    const { server } = setUp()
    const bytes = fc.uint8Array({ maxLength: 80 })
    const mutated = fc.tuple(fc.nat(40), fc.nat(255)).map(([at, value]) => {
      const query = queryFor('web.default.svc.cluster.local', { bytes: 1232 })
      query[at] = value
      return query
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, mutated), async (message) => {
        await server.answer(Buffer.from(message), 'udp')
      }),
      { numRuns: 500 },
    )
  })
})
