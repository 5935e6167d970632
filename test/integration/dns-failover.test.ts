import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepFailover } from '../../agent/network/dns/dns-failover.ts'
import type { SandboxState } from '../../agent/runtime/runtime.ts'
import { type Clock, sleep, systemClock } from '../../shared/clock.ts'
import { ServiceNamespaces } from '../support/service-namespaces.ts'
import { eventually } from '../support/shell.ts'

const DNS_PORT = 53
const clock = systemClock()
/** On real Docker and its kernel: one sandbox asks the gateways of two nodes. */
describe('names while the agent of a node is away', () => {
  const namespaces = new ServiceNamespaces('dns-failover')
  let asker: SandboxState
  let gateways: SandboxState[]
  let shell: string

  beforeAll(async () => {
    const prefix = await namespaces.start()
    const all = ['asker', 'dead', 'ended', 'replaced', 'other'].map((name, i) =>
      namespaces.sandbox(name, `${prefix}.${i + 4}`),
    )
    const [first, ...others] = await Promise.all(all)
    asker = first as SandboxState
    gateways = others
    shell = await namespaces.shell(asker)
    await Promise.all(gateways.map((gateway) => namespaces.serve(gateway, DNS_PORT)))
  })
  afterAll(() => namespaces.close())

  async function keep(name: string, by: Clock, signal: AbortSignal) {
    const gateway = gateways.find(({ pod }) => pod.name === name)
    const relay = await namespaces.relays.of(gateway?.id ?? '')
    const address = gateway?.ip ?? ''
    const other = gateways.at(-1)?.ip ?? ''
    let passes = 0
    const peers = () => {
      passes++
      return [other]
    }
    const kept = keepFailover({ relay, address, peers, clock: by, signal })
    kept.catch(() => {})
    await eventually('its rules are there', async () => passes > 1)
    return { address, kept }
  }

  /** A resolver that asks from one port, again and again as they do, and says who answers. */
  async function resolver(address: string) {
    const socket = await (await namespaces.relays.of(asker.id)).udp('0.0.0.0', 0)
    return async (patienceMs = 1000) => {
      const answer = new Promise<string>((resolve) => socket.onMessage((data) => resolve(data.toString())))
      await socket.send(Buffer.from(''), { address, port: DNS_PORT })
      return Promise.race([answer, sleep(clock, patienceMs).then(() => 'nobody')])
    }
  }

  /** Once the gateway's agent is heard. */
  async function resolverOf(name: string, address: string) {
    let ask = await resolver(address)
    await eventually(`${name} is asked`, async () => {
      ask = await resolver(address)
      return (await ask()) === name
    })
    return ask
  }

  it.concurrent('has a resolver that repeats a question be led to another node', async () => {
    let isDead = false
    const mortal: Clock = { ...clock, after: (delayMs, task) => clock.after(delayMs, () => isDead || task()) }
    const { address } = await keep('dead', mortal, new AbortController().signal)
    const ask = await resolverOf('dead', address)
    isDead = true
    await eventually('another one is asked', async () => (await ask()) === 'other')
  })

  it.concurrent('leaves questions to other nodes at once where the agent ends in order', async () => {
    const end = new AbortController()
    const { address, kept } = await keep('ended', clock, end.signal)
    const ask = await resolverOf('ended', address)
    end.abort()
    await kept
    expect(await ask(20_000)).toBe('other')
  })

  it.concurrent('refuses nobody while another agent takes over, so that resolvers ask again', async () => {
    const { address } = await keep('replaced', clock, new AbortController().signal)
    await resolverOf('replaced', address)
    const gateway = gateways.find(({ pod }) => pod.name === 'replaced')
    // Its sockets end with that.
    const relay = await namespaces.runtime.openSockets(gateway?.id ?? '', new AbortController().signal)
    const question = `nslookup -timeout=1 -retry=1 web.test ${address} 2>&1 || true`
    const { output } = await namespaces.runtime.exec(shell, ['sh', '-c', question], 30_000)
    // On a busy machine another node may answer by now.
    expect(output).not.toContain('refused')
    relay.close()
  })
})
