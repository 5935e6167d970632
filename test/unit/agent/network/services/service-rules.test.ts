import { beforeEach, describe, expect, it } from 'vitest'
import { NetworkState } from '../../../../../agent/network/network-state.ts'
import { ServiceRules } from '../../../../../agent/network/services/service-rules.ts'
import { SocketRelays } from '../../../../../agent/network/socket-relays.ts'
import { RuntimeFailure, type SandboxState } from '../../../../../agent/runtime/runtime.ts'
import type { Endpoint } from '../../../../../shared/api/generated/discovery-v1.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../../../../shared/cluster-facts.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import type { NetworkObject } from '../../../../../shared/protocol/network-frames.ts'
import { FakeNetfilter } from '../../../../support/fake-netfilter.ts'
import { anEndpointSlice, aService } from '../../../../support/service-objects.ts'
import { settle, VirtualClock } from '../../../../support/virtual-clock.ts'

const READY: Endpoint = { addresses: ['10.42.0.5'], conditions: { ready: true } }
const log = silentLogger

let clock: VirtualClock
let network: NetworkState
let kernels: Map<string, FakeNetfilter>
let sandboxes: SandboxState[]
let refusals: (string | undefined)[]
let rules: ServiceRules
let revision: number

function sandbox(id: string, of: Partial<SandboxState> = {}): SandboxState {
  const pod = { uid: id, namespace: 'default', name: id }
  return { id, pod, running: true, createdAt: '', ip: '10.42.0.9', ...of }
}

/** The control plane tells that the Service's endpoints are these. */
function tell(endpoints: Endpoint[]): number {
  const meta = () => ({ namespace: 'default', name: 'web', uid: 'web', resourceVersion: `${++revision}` })
  const created = { creationTimestamp: '2030-01-01T00:00:00Z' }
  const service = aService('web', { clusterIP: '10.43.0.1', ports: [{ port: 80 }] })
  const slice = anEndpointSlice('web', { endpoints })
  const set = [
    { kind: 'Service', object: { ...service, metadata: { ...service.metadata, ...meta(), ...created } } },
    { kind: 'EndpointSlice', object: { ...slice, metadata: { ...slice.metadata, ...meta(), ...created } } },
  ] as NetworkObject[]
  const chain = { mode: 'incremental', appliesTo: revision - 1, resultsIn: revision, more: false } as const
  return network.apply([{ type: 'network', ...chain, cluster: DEFAULT_CLUSTER_FACTS, set, remove: [] }])
}

function kernelOf(id: string): FakeNetfilter {
  const kernel = kernels.get(id) ?? new FakeNetfilter()
  kernels.set(id, kernel)
  return kernel
}

beforeEach(() => {
  clock = new VirtualClock()
  network = new NetworkState({ clock, log })
  kernels = new Map()
  sandboxes = []
  revision = 0
  const relays = new SocketRelays(async (id) => {
    const kernel = kernels.get(id)
    if (!kernel) throw new RuntimeFailure('notFound', 'No such container')
    return kernel.relay()
  })
  const runtime = { list: async () => ({ sandboxes, containers: [], volumes: [] }) }
  refusals = []
  const onRefusal = (refusal: string | undefined) => refusals.push(refusal)
  rules = new ServiceRules({ nodeName: 'here', network, relays, runtime, clock, log, onRefusal })
})

describe('ServiceRules', () => {
  it('gives every sandbox the whole table, and then changes of it', async () => {
    sandboxes = [sandbox('a'), sandbox('b'), sandbox('of the machine', { ip: undefined } as Partial<SandboxState>)]
    for (const { id } of sandboxes) kernelOf(id)
    rules.start()
    tell([READY])
    await settle()
    expect(network.appliedVersion).toBe(1)
    tell([])
    await settle()
    expect(network.appliedVersion).toBe(2)
    expect([kernelOf('a').transactions, kernelOf('b').transactions]).toEqual([
      ['table', 'change'],
      ['table', 'change'],
    ])
    expect(kernelOf('of the machine').transactions).toEqual([])
  })

  it('counts a version as applied when the last namespace has it', async () => {
    sandboxes = [sandbox('a'), sandbox('slow')]
    const slow = kernelOf('slow')
    kernelOf('a')
    rules.start()
    tell([READY])
    await settle()
    slow.isSilent = true
    tell([])
    await settle()
    expect(network.appliedVersion).toBe(1)
    slow.answer()
    await settle()
    expect(network.appliedVersion).toBe(2)
  })

  it('gives a namespace that fell behind all that it lacks at once', async () => {
    sandboxes = [sandbox('slow')]
    const slow = kernelOf('slow')
    rules.start()
    tell([READY])
    await settle()
    slow.isSilent = true
    for (const endpoints of [[], [READY], [], [READY]]) {
      tell(endpoints)
      await settle()
    }
    expect(network.appliedVersion).toBe(1)
    slow.isSilent = false
    slow.answer()
    await settle()
    expect(network.appliedVersion).toBe(5)
    expect(slow.transactions).toEqual(['table', 'change', 'change'])
  })

  it('counts nothing before it knows which sandboxes there are', async () => {
    rules.stop()
    const failing = { list: () => Promise.reject(new RuntimeFailure('unavailable', 'no Docker')) }
    const relays = new SocketRelays(() => Promise.reject(new Error('unused')))
    new ServiceRules({ nodeName: 'here', network, relays, runtime: failing, clock, log }).start()
    tell([READY])
    await settle()
    expect(network.appliedVersion).toBe(0)
  })

  it('resolves a cover when the rules are there', async () => {
    rules.start()
    tell([READY])
    const kernel = kernelOf('new')
    kernel.isSilent = true
    let isCovered = false
    const covered = rules.cover(sandbox('new')).then(() => {
      isCovered = true
    })
    await settle()
    expect(isCovered).toBe(false)
    kernel.answer()
    await covered
    expect(kernel.transactions).toEqual(['table'])
  })

  it('holds up no Pod for long, and no version by a namespace that is new', async () => {
    rules.start()
    kernelOf('new').isSilent = true
    tell([READY])
    const covered = rules.cover(sandbox('new'))
    await settle()
    expect(network.appliedVersion).toBe(1)
    await clock.advance(5_000)
    await covered
  })

  it('is held up by no sandbox that does not run', async () => {
    sandboxes = [sandbox('a'), sandbox('dead')]
    kernelOf('a')
    rules.start()
    tell([READY])
    await settle()
    expect(network.appliedVersion).toBe(1)
  })

  it('writes the whole table again when the relay has ended, and when a change is refused', async () => {
    const kernel = kernelOf('a')
    sandboxes = [sandbox('a')]
    rules.start()
    tell([READY])
    await settle()
    kernel.end()
    await settle()
    expect(kernel.transactions).toEqual(['table', 'table'])
    kernel.errno = 2
    tell([])
    await settle()
    expect(network.appliedVersion).toBe(1)
    kernel.errno = 0
    await clock.advance(1_000)
    expect(kernel.transactions).toEqual(['table', 'table', 'table'])
    expect(network.appliedVersion).toBe(2)
  })

  it('forgets the gateway of before when there is another one', async () => {
    rules.start()
    kernelOf('old').isSilent = true
    kernelOf('new')
    rules.coverGateway('old')
    tell([READY])
    await settle()
    expect(network.appliedVersion).toBe(0)
    rules.coverGateway('new')
    await settle()
    expect(network.appliedVersion).toBe(1)
  })

  it('asks anew when the kernel does not answer', async () => {
    const kernel = kernelOf('a')
    sandboxes = [sandbox('a')]
    kernel.isSilent = true
    rules.start()
    tell([READY])
    await settle()
    kernel.isSilent = false
    await clock.advance(11_000)
    expect(network.appliedVersion).toBe(1)
  })
  it('says what the kernel refuses, while it does, but not of what works at the second try', async () => {
    const kernel = kernelOf('a')
    sandboxes = [sandbox('a')]
    rules.start()
    kernel.errno = 2
    tell([READY])
    await settle()
    kernel.errno = 0
    await clock.advance(60_000)
    expect(network.appliedVersion).toBe(1)
    expect(refusals).toEqual([])
    kernel.refuses = 'nat'
    kernel.end()
    await clock.advance(60_000)
    expect(refusals).toEqual(['netlink: ENOENT for chain services of type nat at output'])
    kernel.refuses = undefined
    await clock.advance(60_000)
    expect(refusals.slice(1)).toEqual([undefined])
  })
})
