import { describe, expect, it } from 'vitest'
import type { NetworkChange, NetworkSnapshot } from '../../../../agent/network/network-snapshot.ts'
import { NetworkState } from '../../../../agent/network/network-state.ts'
import { createLogger, silentLogger } from '../../../../shared/log.ts'
import type { NetworkObject, NetworkReference } from '../../../../shared/protocol/network-frames.ts'
import { aNode, anEndpoint, aService, aSlice, networkFrame } from '../../../support/network-objects.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

function startState(log = silentLogger) {
  const clock = new VirtualClock()
  const state = new NetworkState({ clock, log })
  const changes: NetworkChange[] = []
  const snapshots: NetworkSnapshot[] = []
  state.subscribe((snapshot, change) => {
    snapshots.push(snapshot)
    changes.push(change)
  })
  const complete = (...set: NetworkObject[]) => state.apply([networkFrame(set)])
  const change = (set: NetworkObject[], remove: NetworkReference[] = []) =>
    state.apply([networkFrame(set, { mode: 'incremental', remove })])
  return { clock, state, changes, snapshots, complete, change }
}

const web = anEndpoint('10.42.1.4', 'web')
const slicesOf = (snapshot: NetworkSnapshot | undefined, service: string) =>
  snapshot?.slices.get(`default/${service}`)?.map(({ metadata }) => metadata.name)

describe('the state of the network', () => {
  it('is nothing before the first word, and then all that was told', () => {
    const { state, complete } = startState()
    expect(state.snapshot()).toBeUndefined()
    complete(aNode('n1', 1), aService('web'), aSlice('web', [web]))
    const snapshot = state.snapshot()
    expect([...(snapshot?.nodes.keys() ?? [])]).toEqual(['n1'])
    expect([...(snapshot?.services.keys() ?? [])]).toEqual(['default/web'])
    expect(slicesOf(snapshot, 'web')).toEqual(['web-1'])
  })

  it('tells which Services and whether any node changed', () => {
    const { changes, complete, change } = startState()
    complete(aNode('n1', 1), aService('web'), aSlice('web', [web]), aService('db'))
    change([aSlice('web', [], 2)])
    change([aNode('n2', 2)])
    change([], [{ kind: 'Service', namespace: 'default', name: 'db' }])
    change([], [{ kind: 'EndpointSlice', namespace: 'default', name: 'web-1' }])
    expect(changes.map(({ nodes, services }) => [nodes, [...services]])).toEqual([
      [true, ['default/web', 'default/db']],
      [false, ['default/web']],
      [true, []],
      [false, ['default/db']],
      [false, ['default/web']],
    ])
  })

  it('does not change what it gave before', () => {
    const { state, complete, change } = startState()
    complete(aService('web'), aSlice('web', [web]))
    const before = state.snapshot()
    change([aSlice('web', [web], 1, 'web-2')], [{ kind: 'Service', namespace: 'default', name: 'web' }])
    expect(slicesOf(before, 'web')).toEqual(['web-1'])
    expect(before?.services.size).toBe(1)
    expect(slicesOf(state.snapshot(), 'web')).toEqual(['web-1', 'web-2'])
  })

  it('says nothing of all anew where nothing differs, and else only of what does', () => {
    const { changes, complete, state } = startState()
    complete(aNode('n1', 1), aService('web'), aSlice('web', [web]), aService('db'), aService('old'))
    const first = state.snapshot()?.version
    expect(complete(aNode('n1', 1), aService('web'), aSlice('web', [web]), aService('db'), aService('old'))).toBe(first)
    expect(changes).toHaveLength(1)
    complete(aNode('n1', 1), aService('web'), aService('db', {}, 2))
    expect(changes[1]).toEqual({ nodes: false, services: new Set(['default/web', 'default/db', 'default/old']) })
  })

  it('follows a slice from one Service to another', () => {
    const { state, changes, complete, change } = startState()
    complete(aService('web'), aService('db'), aSlice('web', [web], 1, 'moved'))
    change([aSlice('db', [web], 2, 'moved')])
    expect(slicesOf(state.snapshot(), 'web')).toBeUndefined()
    expect(slicesOf(state.snapshot(), 'db')).toEqual(['moved'])
    expect(changes[1]?.services).toEqual(new Set(['default/web', 'default/db']))
  })

  it('tells who comes later all that there is', () => {
    const { state, complete } = startState()
    complete(aNode('n1', 1), aService('web'))
    const told: NetworkChange[] = []
    const stop = state.subscribe((_, change) => told.push(change))
    expect(told).toEqual([{ nodes: true, services: new Set(['default/web']) }])
    stop()
    complete()
    expect(told).toHaveLength(1)
  })
})

describe('the applied version', () => {
  it('is the one that all consumers go by', () => {
    const { state, complete, change } = startState()
    const rules = state.consumer('rules')
    const dns = state.consumer('dns')
    const [first, second] = [complete(aService('web')), change([aService('web', {}, 2)])]
    expect(state.appliedVersion).toBe(0)
    rules.applied(second)
    expect(state.appliedVersion).toBe(0)
    dns.applied(first)
    expect(state.appliedVersion).toBe(first)
    dns.applied(second)
    expect(state.appliedVersion).toBe(second)
  })

  it('is not one that is yet to come, whatever a consumer says', () => {
    const { state, complete, change } = startState()
    const rules = state.consumer('rules')
    const first = complete(aService('web'))
    rules.applied(first + 1)
    expect(state.appliedVersion).toBe(first)
    change([aService('web', {}, 2)])
    expect(state.appliedVersion).toBe(first)
  })

  it('does not wait for a consumer that has gone', () => {
    const { state, complete } = startState()
    const dns = state.consumer('dns')
    const version = complete(aService('web'))
    dns.close()
    expect(state.appliedVersion).toBe(version)
  })

  it('is never said of a consumer that is stuck, which the log names after five seconds', async () => {
    const lines: { msg: string; parts: string[] }[] = []
    const log = createLogger('agent', 'info', { write: (line) => lines.push(JSON.parse(line)) })
    const { state, clock, complete } = startState(log)
    state.consumer('rules')
    state.consumer('dns').applied(complete(aService('web')))
    await clock.advance(4_900)
    expect(lines).toEqual([])
    await clock.advance(200)
    expect(lines.map(({ msg, parts }) => [msg, parts])).toEqual([['the network is not applied in time', ['rules']]])
    expect(state.appliedVersion).toBe(0)
  })
})
