import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../../shared/api/api-error.ts'
import { LEASES, NODES } from '../../../../shared/api/kinds.ts'
import { CLOSE_CODES } from '../../../../shared/protocol/frames.ts'
import { settle } from '../../../support/virtual-clock.ts'
import { NODE_REPORT, startHub } from './hub-fixture.ts'

const readyOf = (node: { status?: { conditions?: { type: string; status: string }[] } }) =>
  node.status?.conditions?.find(({ type }) => type === 'Ready')

describe('node registration', () => {
  it('makes the Node with its labels, key, capacity and Ready condition, and welcomes the agent', async () => {
    const { agent, node, hub } = await startHub()
    const { of } = await agent('n1')
    const made = await node('n1')
    expect(of('welcome')).toEqual([{ type: 'welcome', nodeName: 'n1', clusterId: 'c1', heartbeatIntervalMs: 1000 }])
    expect(made.metadata.labels).toEqual({
      disk: 'ssd',
      'kubernetes.io/hostname': 'n1',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': 'amd64',
    })
    expect(made.metadata.annotations).toMatchObject({ 'kubette.dev/key-fingerprint': 'key-of-n1' })
    expect(made.status?.capacity).toEqual(NODE_REPORT.status.capacity)
    expect(readyOf(made)).toMatchObject({ status: 'True', reason: 'KubeletReady' })
    expect(hub.connected()).toEqual(['n1'])
  })

  it('gives the agent its labels on a Node that the join made, and leaves those of a known Node alone', async () => {
    const { agent, node, client } = await startHub()
    const annotations = { 'kubette.dev/key-fingerprint': 'key-of-n1' }
    await client.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', annotations }, spec: {} })
    const first = await agent('n1')
    expect((await node('n1')).metadata.labels).toMatchObject({ disk: 'ssd', 'kubernetes.io/hostname': 'n1' })
    await client.modify(NODES, { name: 'n1' }, (draft) => {
      draft.metadata.labels = { disk: 'replaced' }
    })
    first.pair.cut()
    await agent('n1')
    expect((await node('n1')).metadata.labels).toMatchObject({ disk: 'replaced', 'kubernetes.io/hostname': 'n1' })
  })

  it('notes on the Node which images have nothing for its machine, as long as the agent says so', async () => {
    const { agent, node, clock } = await startHub()
    const { frames } = await agent('n1')
    const name = 'kubette.dev/unfit-images'
    const key = { 'kubette.dev/key-fingerprint': 'key-of-n1' }
    frames.send({ type: 'nodeStatus', status: { ...NODE_REPORT, unfitImages: ['app:1', 'b:2'] } })
    await clock.advance(100)
    expect((await node('n1')).metadata.annotations).toEqual({ ...key, [name]: '["app:1","b:2"]' })
    const { resourceVersion } = (await node('n1')).metadata
    frames.send({ type: 'heartbeat' })
    await clock.advance(100)
    expect((await node('n1')).metadata.resourceVersion).toBe(resourceVersion)
    frames.send({ type: 'nodeStatus', status: NODE_REPORT })
    await clock.advance(100)
    expect((await node('n1')).metadata.annotations).toEqual(key)
  })

  it('refuses a key that the Node does not belong to, and changes nothing', async () => {
    const { agent, node, hub, client, clock } = await startHub()
    const rightful = await agent('n1')
    const before = await node('n1')
    const lease = await client.get(LEASES, { namespace: 'kube-node-lease', name: 'n1' })
    await clock.advance(1000)
    const thief = await agent('n1', { fingerprint: 'another' })
    expect(thief.closed()?.code).toBe(CLOSE_CODES.notAdmitted)
    expect(thief.received).toEqual([])
    expect(await node('n1')).toEqual(before)
    expect(await client.get(LEASES, { namespace: 'kube-node-lease', name: 'n1' })).toEqual(lease)
    expect(rightful.closed()).toBeUndefined()
    expect(hub.connected()).toEqual(['n1'])
  })

  it('refuses another protocol version with both versions in the reason', async () => {
    const { agent } = await startHub()
    const { closed } = await agent('n1', { protocolVersion: 99 })
    expect(closed()).toEqual({
      code: CLOSE_CODES.protocolVersion,
      reason: 'protocol version: the control plane speaks 3, the agent 99',
    })
  })

  it('drops a connection that says nothing, something else than hello, or garbage', async () => {
    const { agent, clock } = await startHub()
    const silent = await agent('n1', { hello: false })
    const rude = await agent('n2', { hello: false })
    rude.frames.send({ type: 'heartbeat' })
    const noisy = await agent('n3')
    noisy.pair.b.send('{"type":"podStatus","reports":[{}]}')
    await clock.advance(10_100)
    expect([silent, rude, noisy].map(({ closed }) => closed()?.code)).toEqual([4002, 4002, 4002])
  })

  it('lets a newer connection of the same node take over', async () => {
    const { agent, hub } = await startHub()
    const first = await agent('n1')
    const second = await agent('n1')
    expect(first.closed()?.code).toBe(CLOSE_CODES.superseded)
    expect(second.closed()).toBeUndefined()
    expect(hub.connected()).toEqual(['n1'])
  })

  it('closes the session of a deleted Node; the agent registers anew', async () => {
    const { agent, client, node, clock } = await startHub()
    const first = await agent('n1')
    const { uid } = (await node('n1')).metadata
    await client.delete(NODES, { name: 'n1' })
    await clock.advance(100)
    expect(first.closed()?.code).toBe(CLOSE_CODES.notAdmitted)
    const second = await agent('n1')
    expect(second.closed()).toBeUndefined()
    expect((await node('n1')).metadata.uid).not.toBe(uid)
  })

  it('asks the agent to come back when the API cannot register it', async () => {
    let down = false
    const unavailable = new ApiError('ServiceUnavailable', 'disk full')
    const { agent, clock } = await startHub({
      wrap: (client) => ({
        ...client,
        create: (kind, object) => (down ? Promise.reject(unavailable) : client.create(kind, object)),
      }),
    })
    down = true
    const first = await agent('n1')
    expect(first.closed()).toEqual({ code: CLOSE_CODES.tryAgainLater, reason: 'node not registered: disk full' })
    down = false
    await clock.advance(1000)
    expect((await agent('n1')).of('welcome')).toHaveLength(1)
  })
})

describe('heartbeats', () => {
  it('renew the Lease and are answered', async () => {
    const { agent, client, clock } = await startHub()
    const { frames, of } = await agent('n1')
    const lease = () => client.get(LEASES, { namespace: 'kube-node-lease', name: 'n1' })
    const before = await lease()
    await clock.advance(5000)
    frames.send({ type: 'heartbeat' })
    await settle(10)
    const after = await lease()
    expect(after.spec.holderIdentity).toBe('n1')
    expect(Date.parse(after.spec.renewTime ?? '') - Date.parse(before.spec.renewTime ?? '')).toBeGreaterThan(4900)
    expect(of('heartbeat')).toHaveLength(1)
  })

  it('end with the Lease released where the agent’s process ends, and only there', async () => {
    const { agent, client, clock } = await startHub()
    const holder = async () =>
      (await client.get(LEASES, { namespace: 'kube-node-lease', name: 'n1' })).spec.holderIdentity
    for (const [code, left] of [
      [CLOSE_CODES.goingAway, 'n1'],
      [CLOSE_CODES.agentStops, undefined],
      [CLOSE_CODES.abnormal, undefined],
    ] as const) {
      const { frames } = await agent('n1')
      expect(await holder()).toBe('n1')
      frames.close(code, 'over')
      await clock.advance(100)
      expect(await holder()).toBe(left)
    }
  })

  it('write no Node status while nothing changes', async () => {
    const { agent, node, clock } = await startHub()
    const { frames } = await agent('n1')
    const before = await node('n1')
    for (let i = 0; i < 20; i++) {
      frames.send({ type: 'heartbeat' })
      frames.send({ type: 'nodeStatus', status: NODE_REPORT })
      await clock.advance(1000)
    }
    expect((await node('n1')).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
  })

  it('restore Ready where the Node was marked as lost meanwhile', async () => {
    const { agent, node, clock, client } = await startHub()
    const { frames } = await agent('n1')
    await client.modify(
      NODES,
      { name: 'n1' },
      (draft) => {
        for (const condition of draft.status?.conditions ?? []) condition.status = 'Unknown'
      },
      { status: true },
    )
    await clock.advance(5000)
    expect(readyOf(await node('n1'))?.status).toBe('Unknown')
    frames.send({ type: 'heartbeat' })
    await clock.advance(100)
    expect(readyOf(await node('n1'))).toMatchObject({ status: 'True', reason: 'KubeletReady' })
  })

  it('that stop do not change the Node, but drop the connection in the end', async () => {
    const { agent, node, clock } = await startHub()
    const { closed } = await agent('n1')
    await clock.advance(31_000)
    expect(closed()?.code).toBe(CLOSE_CODES.goingAway)
    expect(readyOf(await node('n1'))?.status).toBe('True')
  })

  it('carry what the agent says of its conditions, and when they changed', async () => {
    const { agent, node, clock } = await startHub()
    const { frames } = await agent('n1')
    await clock.advance(60_000 - 35_000)
    const notReady = { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'docker is down' }
    const status = { ...NODE_REPORT.status, conditions: [notReady] }
    const since = new Date(clock.now()).toISOString().slice(0, 19)
    frames.send({ type: 'nodeStatus', status: { ...NODE_REPORT, status } })
    await clock.advance(100)
    expect(readyOf(await node('n1'))).toMatchObject({ ...notReady, lastTransitionTime: `${since}Z` })
  })
})

it('says goodbye to all agents when it closes, and takes no more', async () => {
  const { agent, hub } = await startHub()
  const { closed } = await agent('n1')
  hub.close()
  const late = await agent('n2')
  expect([closed()?.code, late.closed()?.code]).toEqual([CLOSE_CODES.goingAway, CLOSE_CODES.goingAway])
  expect(hub.connected()).toEqual([])
})

describe('streams', () => {
  const request = {
    kind: 'logs',
    podUid: 'u',
    container: 'main',
    follow: false,
    previous: false,
    timestamps: false,
  } as const

  it('are opened on the connected agent', async () => {
    const { agent, hub } = await startHub()
    const { frames, of } = await agent('n1')
    const opening = hub.open('n1', request, new AbortController().signal)
    await settle()
    expect(of('streamOpen')).toEqual([{ type: 'streamOpen', stream: 1, request }])
    frames.send({ type: 'streamOpened', stream: 1 })
    frames.sendData({ stream: 1, channel: 1, data: Buffer.from('hello') })
    frames.send({ type: 'streamEnd', stream: 1 })
    const text = []
    for await (const { data } of (await opening).input) text.push(Buffer.from(data).toString())
    expect(text).toEqual(['hello'])
  })

  it('are given up when the agent does not answer', async () => {
    const { agent, hub, clock } = await startHub()
    await agent('n1')
    const opening = hub.open('n1', request, new AbortController().signal)
    const refused = expect(opening).rejects.toMatchObject({ reason: 'Timeout', message: 'node "n1" does not answer' })
    await clock.advance(10_000)
    await refused
  })

  it('are refused for a node that is not connected, and end with its connection', async () => {
    const { agent, hub } = await startHub()
    const { pair } = await agent('n1')
    await expect(hub.open('n2', request, new AbortController().signal)).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: 'node "n2" is not connected',
    })
    const opening = hub.open('n1', request, new AbortController().signal)
    pair.cut()
    await expect(opening).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
  })
})
