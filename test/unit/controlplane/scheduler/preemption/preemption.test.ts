import { afterEach, describe, expect, it } from 'vitest'
import type { Client } from '../../../../../controlplane/client/client.ts'
import { ApiError } from '../../../../../shared/api/api-error.ts'
import { NODES, PODS } from '../../../../../shared/api/kinds.ts'
import { schedulingApi, stopSchedulers } from '../../../../support/scheduling-api.ts'
import type { PodShape } from '../../../../support/scheduling-objects.ts'

afterEach(stopSchedulers)

const asking = (cpu: string, priorityClassName?: string): PodShape => {
  return { requests: { cpu }, ...(priorityClassName ? { priorityClassName } : {}) }
}

/** Nodes of two cores, and the classes high (1000), higher (2000) and polite (1000, never preempts). */
async function setup(nodes: string[], over: (client: Client) => Partial<Client> = () => ({})) {
  const api = await schedulingApi()
  await api.priorityClass('high', 1_000)
  await api.priorityClass('higher', 2_000)
  await api.priorityClass('polite', 1_000, 'Never')
  await api.start(over(api.client))
  for (const name of nodes) await api.node(name, { allocatable: { cpu: '2' } })
  const nodeNameOf = async (name: string) => (await api.get(name)).spec.nodeName
  const nominatedFor = async (name: string) => (await api.get(name)).status?.nominatedNodeName
  const isEnding = async (name: string) => (await api.get(name)).metadata.deletionTimestamp !== undefined
  const message = async (name: string) => (await api.condition(name))?.message
  return { ...api, nodeNameOf, nominatedFor, isEnding, message }
}

describe('a Pod of high priority', () => {
  it('gets the place of one of lower priority, which ends with its grace and is told why', async () => {
    const { pod, get, events, end, clock, nodeNameOf, nominatedFor, condition } = await setup(['n1'])
    await pod('low', asking('2'))
    await pod('high', asking('1500m', 'high'))
    const victim = await get('low')
    expect(victim.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 })
    expect(victim.status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
      }),
    )
    const { uid } = (await get('high')).metadata
    expect(await events('low')).toContain(`1 Normal Preempted: Preempted by pod ${uid} on node n1`)
    expect(await nominatedFor('high')).toBe('n1')
    expect(await condition('high')).toMatchObject({ message: '0/1 nodes are available: 1 Insufficient cpu.' })
    await clock.advance(20_000)
    expect(await nodeNameOf('high')).toBeUndefined()
    await end('low')
    expect(await nodeNameOf('high')).toBe('n1')
    expect(await nominatedFor('high')).toBeUndefined()
  })

  it('keeps its place from those who come while it waits', async () => {
    const { pod, end, clock, nodeNameOf, message, node } = await setup(['n1'])
    await pod('low', asking('2'))
    await pod('high', asking('1500m', 'high'))
    await pod('late', asking('1'))
    await end('low')
    await clock.advance(10_000)
    expect(await nodeNameOf('high')).toBe('n1')
    expect(await message('late')).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. ' +
        'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    )
    await node('n2', { allocatable: { cpu: '1' } })
    await clock.advance(10_000)
    expect(await nodeNameOf('late')).toBe('n2')
  })

  it('sends nobody else away while it waits for all of its victims', async () => {
    const { pod, end, clock, nodeNameOf, isEnding, nominatedFor } = await setup(['n1', 'n2'])
    for (const name of ['a', 'b', 'c', 'd']) await pod(name, asking('1'))
    await pod('high', asking('2', 'high'))
    const mine = await nominatedFor('high')
    const names = ['a', 'b', 'c', 'd']
    const victims: string[] = []
    for (const name of names) if (await isEnding(name)) victims.push(name)
    for (const name of victims) expect(await nodeNameOf(name)).toBe(mine)
    expect(victims).toHaveLength(2)
    await end(victims[0] ?? '')
    await clock.advance(60_000)
    expect(await nodeNameOf('high')).toBeUndefined()
    for (const name of names) if (!victims.includes(name)) expect(await isEnding(name)).toBe(false)
    await end(victims[1] ?? '')
    expect(await nodeNameOf('high')).toBe(mine)
  })

  it('gives up its place for one of a higher priority, and looks for another', async () => {
    const { pod, end, clock, nodeNameOf, nominatedFor, isEnding, message } = await setup(['n1'])
    await pod('low', asking('2'))
    await pod('high', asking('2', 'high'))
    await clock.advance(5_000)
    await pod('higher', asking('2', 'higher'))
    expect(await nominatedFor('higher')).toBe('n1')
    await clock.advance(5_000)
    expect(await nominatedFor('high')).toBeUndefined()
    await end('low')
    await clock.advance(10_000)
    expect(await nodeNameOf('higher')).toBe('n1')
    expect(await isEnding('higher')).toBe(false)
    expect(await message('high')).toContain('1 No preemption victims found for incoming pod.')
  })

  it('never takes the place of others where its class says so, and is told', async () => {
    const { pod, clock, isEnding, nominatedFor, message } = await setup(['n1'])
    await pod('low', asking('2'))
    await pod('polite', asking('1', 'polite'))
    await clock.advance(10_000)
    expect(await isEnding('low')).toBe(false)
    expect(await nominatedFor('polite')).toBeUndefined()
    expect(await message('polite')).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    )
  })

  it('looks elsewhere when the node is gone where it was to have room', async () => {
    const { pod, client, clock, node, nominatedFor, isEnding } = await setup(['n1'])
    await pod('low', asking('2'))
    await pod('high', asking('2', 'high'))
    await node('n2', { unschedulable: true, allocatable: { cpu: '2' } })
    await pod('other', { ...asking('2'), tolerations: [{ operator: 'Exists' }] })
    await client.modify(NODES, { name: 'n2' }, ({ spec }) => {
      delete spec?.unschedulable
    })
    await client.delete(NODES, { name: 'n1' })
    await clock.advance(10_000)
    expect(await nominatedFor('high')).toBe('n2')
    expect(await isEnding('other')).toBe(true)
  })

  it('gets it all the same where the API fails for a while', async () => {
    let failures = 3
    const { pod, end, clock, nodeNameOf, isEnding } = await setup(['n1'], (client) => ({
      delete: async (kind, key, options) => {
        if (kind.type === PODS.type && failures-- > 0) throw new ApiError('ServiceUnavailable', 'not now')
        await client.delete(kind, key, options)
      },
    }))
    await pod('low', asking('2'))
    await pod('high', asking('2', 'high'))
    expect(await isEnding('low')).toBe(false)
    await clock.advance(30_000)
    expect(await isEnding('low')).toBe(true)
    await end('low')
    await clock.advance(10_000)
    expect(await nodeNameOf('high')).toBe('n1')
  })

  it('is remembered as nominated by the next scheduler', async () => {
    const api = await schedulingApi()
    await api.priorityClass('high', 1_000)
    await api.node('n1', { allocatable: { cpu: '2' } })
    const first = await api.start()
    await api.pod('low', asking('2'))
    await api.pod('high', asking('2', 'high'))
    await first.stop()
    await api.end('low')
    await api.pod('late', asking('2'))
    await api.start()
    await api.clock.advance(1_000)
    expect((await api.get('high')).spec.nodeName).toBe('n1')
    expect((await api.get('late')).spec.nodeName).toBeUndefined()
  })
})
