import { describe, expect, it } from 'vitest'
import { attribute, be32, nested, u8 } from '../../../../../agent/network/netlink/netlink-attributes.ts'
import type { NetlinkRequest } from '../../../../../agent/network/netlink/netlink-client.ts'
import { SilentConnections } from '../../../../../agent/network/services/silent-connections.ts'

const STATE = { synSent: 1, established: 3, finWait: 4, timeWait: 7, close: 8 }
const DAYS = 431_990
const HEADER = Buffer.of(2, 0, 0, 0)
const GET = 0x101

/** A connection of the kernel's to the Service, which leads to the endpoint with this number. */
interface Connection {
  endpoint: number
  state: number
  rememberedFor: number
}

function tuple(source: number[], destination: number[], port: number): Buffer[] {
  const ports = Buffer.alloc(2)
  ports.writeUInt16BE(port)
  return [
    nested(1, attribute(1, Buffer.from(source)), attribute(2, Buffer.from(destination))),
    nested(2, u8(1, 6), attribute(2, ports), attribute(3, ports)),
  ]
}

function encoded({ endpoint, state, rememberedFor }: Connection): Buffer {
  const [client, service, pod] = [
    [10, 42, 0, 4],
    [10, 43, 0, 9],
    [10, 42, 1, endpoint],
  ]
  const there = nested(1, ...tuple(client, service, 80))
  const back = nested(2, ...tuple(pod, client, 80))
  const progress = [nested(4, nested(1, u8(1, state))), be32(7, rememberedFor)]
  return Buffer.concat([HEADER, there, back, ...progress, be32(12, endpoint)])
}

function setUp(reduced: ReadonlySet<string> | 'any' = 'any', ...connections: Connection[]) {
  const forgotten: number[] = []
  const kernel = {
    dump: async () => connections.map((connection) => ({ ...received, payload: encoded(connection) })),
    request: async ({ type, payload = Buffer.alloc(0) }: NetlinkRequest) => {
      const endpoint = payload.readUInt8(payload.length - 1)
      if (type === GET) return (await kernel.dump()).filter((_, index) => connections[index]?.endpoint === endpoint)
      forgotten.push(endpoint)
      return []
    },
  }
  // The Service has the endpoints below 10.
  const isStale = ({ frontend, responder }: { frontend: string; responder: string }) =>
    frontend === '10.43.0.9:80/TCP' && Number(responder.split(/[.:]/)[3]) >= 10
  const silent = new SilentConnections({ isStale })
  silent.watch(0, reduced)
  return { silent, kernel, forgotten }
}

const WEB = '10.43.0.9:80/TCP'
const connections = (all: string[], opening: [string, number][] = []) => ({
  all: new Set(all),
  opening: new Map(opening),
})
const received = { type: 0, flags: 0, sequence: 0, port: 0, payload: Buffer.alloc(0) }

describe('SilentConnections', () => {
  it('has nothing to look for until endpoints change', () => {
    expect(new SilentConnections({ isStale: () => true }).dueInMs(0)).toBe(Number.POSITIVE_INFINITY)
    expect(setUp().silent.dueInMs(100)).toBe(150)
  })

  it('forgets what is unanswered for three seconds, in each state in which something can be', async () => {
    const { silent, kernel, forgotten } = setUp(
      'any',
      { endpoint: 12, state: STATE.established, rememberedFor: 297 },
      { endpoint: 13, state: STATE.established, rememberedFor: 299 },
      { endpoint: 14, state: STATE.established, rememberedFor: DAYS },
      { endpoint: 15, state: STATE.finWait, rememberedFor: 100 },
      { endpoint: 16, state: STATE.timeWait, rememberedFor: 100 },
    )
    await silent.look(kernel, 2_000)
    expect(forgotten).toEqual([12, 15])
  })

  it('forgets a SYN at once that was not answered before its endpoint went, so that it is repeated to another', async () => {
    const { silent, kernel, forgotten } = setUp('any', { endpoint: 10, state: STATE.synSent, rememberedFor: 120 })
    await silent.look(kernel, 250)
    expect(forgotten).toEqual([10])
  })

  it('leaves alone what its endpoint has answered since it was listed', async () => {
    const one = { endpoint: 10, state: STATE.synSent, rememberedFor: 120 }
    const { silent, kernel, forgotten } = setUp('any', one)
    const { dump } = kernel
    kernel.dump = async () => {
      const listed = await dump()
      one.state = STATE.established
      one.rememberedFor = DAYS
      return listed
    }
    await silent.look(kernel, 250)
    expect(forgotten).toEqual([])
  })

  it('lists flows at most every other second, however often endpoints change', async () => {
    const one = { endpoint: 10, state: STATE.established, rememberedFor: DAYS }
    const { silent, kernel } = setUp(new Set([WEB]), one)
    await silent.look(kernel, 250, async () => connections([WEB]))
    silent.watch(300, new Set([WEB]))
    expect(silent.dueInMs(300)).toBe(250)
    await silent.look(kernel, 550, async () => connections([WEB]))
    expect(silent.dueInMs(550)).toBe(1_700)
  })

  it('waits for the answer to a SYN until that is about to be repeated, where it knows when', async () => {
    const one = { endpoint: 10, state: STATE.synSent, rememberedFor: 120 }
    const { silent, kernel, forgotten } = setUp(new Set([WEB]), one)
    const asking = (ms: number) => async () => connections([WEB], [[WEB, ms]])
    await silent.look(kernel, 250, asking(700))
    expect([forgotten, silent.dueInMs(250)]).toEqual([[], 450])
    await silent.look(kernel, 700, asking(250))
    expect(forgotten).toEqual([10])
  })

  it.each([
    ['a SYN to a frontend that lost an endpoint', connections([WEB], [[WEB, 200]]), [10], 2_000],
    ['none but to others', connections(['10.43.0.8:80/TCP']), [], Number.POSITIVE_INFINITY],
    ['any, for all that is known', undefined, [10], 2_000],
  ])('asks the kernel for its flows where there is %s', async (_, connected, lost, againInMs) => {
    const { silent, kernel, forgotten } = setUp(new Set([WEB]), {
      endpoint: 10,
      state: STATE.synSent,
      rememberedFor: 120,
    })
    await silent.look(kernel, 250, async () => connected)
    expect(forgotten).toEqual(lost)
    expect(silent.dueInMs(250)).toBe(againInMs)
  })

  it('follows what it has found, whether or not there is a socket for it still', async () => {
    const one = { endpoint: 10, state: STATE.established, rememberedFor: DAYS }
    const { silent, kernel, forgotten } = setUp(new Set([WEB]), one)
    await silent.look(kernel, 250, async () => connections([WEB]))
    one.rememberedFor = 290
    await silent.look(kernel, 2_250, async () => connections([]))
    expect(forgotten).toEqual([10])
  })

  it('leaves alone what goes to endpoints that there are', async () => {
    const { silent, kernel, forgotten } = setUp(
      'any',
      { endpoint: 8, state: STATE.close, rememberedFor: 9 },
      { endpoint: 9, state: STATE.synSent, rememberedFor: 60 },
    )
    await silent.look(kernel, 2_000)
    expect(forgotten).toEqual([])
    expect(silent.dueInMs(2_000)).toBe(Number.POSITIVE_INFINITY)
  })

  it('looks again soon while something is unanswered, less and less often while nothing is, and stops at the end', async () => {
    const one = { endpoint: 10, state: STATE.established, rememberedFor: 299 }
    const { silent, kernel } = setUp('any', one)
    await silent.look(kernel, 10_000)
    expect(silent.dueInMs(10_000)).toBe(2_000)
    one.rememberedFor = DAYS
    const pauseAfter = async (ms: number) => {
      await silent.look(kernel, 10_000 + ms)
      return silent.dueInMs(10_000 + ms)
    }
    expect(await pauseAfter(1_000)).toBe(2_000)
    expect(await pauseAfter(10_000)).toBe(2_500)
    expect(await pauseAfter(100_000)).toBe(8_000)
    one.state = STATE.timeWait
    await silent.look(kernel, 300_000)
    expect(silent.dueInMs(300_000)).toBe(Number.POSITIVE_INFINITY)
  })
})
