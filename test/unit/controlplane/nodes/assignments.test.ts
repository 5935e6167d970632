import { describe, expect, it } from 'vitest'
import {
  CONFIG_MAPS,
  NODES,
  type Node,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
} from '../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../shared/api/object.ts'
import type { AssignmentsFrame } from '../../../../shared/protocol/frames.ts'
import { aClaim, aVolume } from '../../../support/storage-objects.ts'
import { podReport, startHub } from './hub-fixture.ts'

/** Without the node itself. */
const names = (frame: AssignmentsFrame | undefined) =>
  frame?.set.filter(({ kind }) => kind !== 'Node').map(({ kind, object }) => `${kind} ${object.metadata.name}`)

describe('assignments', () => {
  it('begin with all that the node needs and nothing else', async () => {
    const { agent, pod, configMap, secret } = await startHub()
    await configMap('settings', { a: '1' })
    await configMap('unused', { a: '1' })
    await secret('pull')
    await secret('unused')
    await pod('web', 'n1', {
      containers: [{ name: 'main', image: 'x', envFrom: [{ configMapRef: { name: 'settings' } }] }],
      imagePullSecrets: [{ name: 'pull' }],
    })
    await pod('elsewhere', 'n2')
    const { assignments } = await agent('n1')
    expect(assignments()).toHaveLength(1)
    expect(assignments()[0]).toMatchObject({ mode: 'complete', appliesTo: 0, resultsIn: 1, more: false, remove: [] })
    expect(names(assignments()[0])).toEqual(['Pod web', 'ConfigMap settings', 'Secret pull'])
  })

  it('are complete even when there is nothing to do', async () => {
    const { agent } = await startHub()
    const { assignments } = await agent('n1')
    expect(assignments()).toMatchObject([
      { type: 'assignments', mode: 'complete', appliesTo: 0, resultsIn: 1, more: false, remove: [] },
    ])
    expect(names(assignments()[0])).toEqual([])
  })

  it('tell a node of its labels and taints, and of nothing else that becomes of it', async () => {
    const { agent, client, clock } = await startHub()
    const { assignments } = await agent('n1')
    await agent('n2')
    const nodes = () => assignments().flatMap(({ set }) => set.filter(({ kind }) => kind === 'Node'))
    expect(nodes()).toMatchObject([{ object: { metadata: { name: 'n1', labels: { disk: 'ssd' } } } }])
    expect(nodes()[0]?.object).not.toHaveProperty('status')
    const update = async (change: (node: Persisted<Node>) => Persisted<Node>) => {
      await client.update(NODES, change((await client.get(NODES, { name: 'n1' })) as Persisted<Node>))
      await clock.advance(100)
    }
    await update((node) => ({ ...node, metadata: { ...node.metadata, annotations: { a: 'b' } } }))
    expect(nodes()).toHaveLength(1)
    const taints = [{ key: 'gpu', effect: 'NoExecute' }]
    await update((node) => ({ ...node, spec: { ...node.spec, taints } }))
    expect(nodes().slice(1)).toMatchObject([{ object: { spec: { taints } } }])
  })

  it('wait until all Pods are known: one that is missing would be taken for unwanted', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { agent, pod, clock } = await startHub({
      wrap: (client) => ({
        ...client,
        list: async (kind, options) => {
          if (kind.plural === PODS.plural) await gate
          return client.list(kind, options)
        },
      }),
    })
    await pod('web', 'n1')
    const { assignments, of } = await agent('n1')
    await clock.advance(5000)
    expect(of('welcome')).toHaveLength(1)
    expect(assignments()).toEqual([])
    release()
    await clock.advance(100)
    expect(assignments().map(names)).toEqual([['Pod web']])
  })

  it('go on with chained changes, several at once in one frame', async () => {
    const { agent, pod, clock, client } = await startHub()
    const { assignments } = await agent('n1')
    await pod('a', 'n1')
    await pod('b', 'n1')
    await pod('c', 'n2')
    await clock.advance(100)
    expect(names(assignments()[1])).toEqual(['Pod a', 'Pod b'])
    expect(assignments()[1]).toMatchObject({ mode: 'incremental', appliesTo: 1, resultsIn: 2 })
    const { uid } = (await client.get(PODS, { namespace: 'default', name: 'a' })).metadata
    await client.delete(PODS, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 })
    await clock.advance(100)
    expect(assignments()[2]).toMatchObject({ appliesTo: 2, resultsIn: 3, set: [] })
    expect(assignments()[2]?.remove).toEqual([{ kind: 'Pod', namespace: 'default', name: 'a', uid }])
  })

  it('show a Pod that is to be ended with its deletionTimestamp', async () => {
    const { agent, pod, clock, client } = await startHub()
    await pod('a', 'n1')
    const { assignments } = await agent('n1')
    await client.delete(PODS, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 30 })
    await clock.advance(100)
    expect(assignments()[1]?.set[0]?.object.metadata.deletionTimestamp).toBeDefined()
  })

  it('carry a ConfigMap that changes or appears later, for Pods that refer to it', async () => {
    const { agent, pod, configMap, clock, client } = await startHub()
    await pod('a', 'n1', {
      containers: [{ name: 'm', image: 'x', envFrom: [{ configMapRef: { name: 'late' } }] }],
    })
    const { assignments } = await agent('n1')
    await configMap('other', { a: '1' })
    await clock.advance(100)
    expect(assignments()).toHaveLength(1)
    await configMap('late', { a: '1' })
    await clock.advance(100)
    expect(names(assignments()[1])).toEqual(['ConfigMap late'])
    await client.modify(CONFIG_MAPS, { namespace: 'default', name: 'late' }, (draft) => {
      draft.data = { a: '2' }
    })
    await clock.advance(100)
    expect(assignments()[2]?.set[0]?.object).toMatchObject({ data: { a: '2' } })
    await client.delete(PODS, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 })
    await clock.advance(100)
    expect(
      assignments()[3]
        ?.remove.map(({ kind }) => kind)
        .sort(),
    ).toEqual(['ConfigMap', 'Pod'])
  })

  it("do not echo the agent's own status reports", async () => {
    const { agent, pod, clock } = await startHub()
    const web = await pod('web', 'n1')
    const { assignments, report } = await agent('n1')
    await report(podReport(web, 1))
    await clock.advance(100)
    expect(assignments()).toHaveLength(1)
  })

  it('tell the agent of a condition that a readiness gate waits for', async () => {
    const { agent, pod, clock, client } = await startHub()
    const readinessGates = [{ conditionType: 'example.com/open' }]
    const web = await pod('web', 'n1', { containers: [{ name: 'm', image: 'x' }], readinessGates })
    const { assignments } = await agent('n1')
    const set = async (type: string) => {
      const change = (found: typeof web) => {
        found.status = { ...found.status, conditions: [...(found.status?.conditions ?? []), { type, status: 'True' }] }
      }
      await client.modify(PODS, { namespace: 'default', name: 'web' }, change, { status: true })
      await clock.advance(100)
    }
    await set('example.com/other')
    expect(assignments()).toHaveLength(1)
    await set('example.com/open')
    expect(assignments()).toHaveLength(2)
  })

  it('are sent anew when the agent asks', async () => {
    const { agent, pod, clock } = await startHub()
    await pod('a', 'n1')
    const { assignments, frames } = await agent('n1')
    frames.send({ type: 'resync' })
    await clock.advance(100)
    expect(assignments()[1]).toMatchObject({ mode: 'complete', resultsIn: 2 })
    expect(names(assignments()[1])).toEqual(['Pod a'])
  })

  it('come in several frames where one would be too long', async () => {
    const { agent, pod, configMap } = await startHub()
    const big = 'x'.repeat(900_000)
    for (let i = 0; i < 10; i++) await configMap(`big-${i}`, { big })
    const envFrom = Array.from({ length: 10 }, (_, i) => ({ configMapRef: { name: `big-${i}` } }))
    await pod('web', 'n1', { containers: [{ name: 'm', image: 'x', envFrom }] })
    const { assignments, closed } = await agent('n1')
    expect(closed()).toBeUndefined()
    expect(assignments().length).toBeGreaterThan(2)
    expect(assignments().map(({ more }) => more)).toEqual([
      ...assignments()
        .slice(1)
        .map(() => true),
      false,
    ])
    expect(new Set(assignments().map(({ mode, resultsIn }) => `${mode} ${resultsIn}`)).size).toBe(1)
    expect(assignments().flatMap(names)).toHaveLength(11)
  })

  it('wait for an agent that reads slowly, and then say only what is so by then', async () => {
    const { agent, pod, client, clock } = await startHub()
    const { pair, assignments } = await agent('n1')
    const socket = pair.a as { bufferedBytes: number }
    socket.bufferedBytes += 2 * 1024 * 1024
    await pod('short-lived', 'n1')
    await clock.advance(1000)
    await client.delete(PODS, { namespace: 'default', name: 'short-lived' }, { gracePeriodSeconds: 0 })
    await pod('lasting', 'n1')
    await clock.advance(1000)
    expect(assignments()).toHaveLength(1)
    socket.bufferedBytes -= 2 * 1024 * 1024
    await clock.advance(1000)
    expect(assignments().slice(1).map(names)).toEqual([['Pod lasting']])
  })

  it('bring a claim with its volume, as soon as it has one', async () => {
    const { agent, pod, clock, client } = await startHub()
    await client.create(PERSISTENT_VOLUMES, aVolume('pv'))
    await client.create(PERSISTENT_VOLUME_CLAIMS, aClaim('data'))
    await pod('web', 'n1', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
    const { assignments } = await agent('n1')
    expect(names(assignments()[0])).toEqual(['Pod web', 'PersistentVolumeClaim data'])
    await client.modify(PERSISTENT_VOLUME_CLAIMS, { namespace: 'default', name: 'data' }, ({ spec }) => {
      spec.volumeName = 'pv'
    })
    await clock.advance(100)
    expect(names(assignments()[1])).toEqual(['PersistentVolumeClaim data', 'PersistentVolume pv'])
  })

  it('name the volumes whose data is to go, and let them go when the node says so', async () => {
    const { agent, clock, client } = await startHub()
    const volume = aVolume('pv', { reclaimPolicy: 'Delete' })
    const { local: _, ...spec } = volume.spec
    const csi = { driver: 'local.kubette.dev', volumeHandle: 'kubette_pv' }
    const finalizers = ['kubette.dev/volume-data']
    await client.create(PERSISTENT_VOLUMES, { metadata: { name: 'pv', finalizers }, spec: { ...spec, csi } })
    const [n1, n2] = [await agent('n1'), await agent('n2')]
    await client.delete(PERSISTENT_VOLUMES, { name: 'pv' })
    await clock.advance(100)
    expect(n1.assignments()).toHaveLength(1)
    await client.modify(PERSISTENT_VOLUMES, { name: 'pv' }, ({ metadata }) => {
      metadata.finalizers = finalizers
    })
    await clock.advance(100)
    expect(names(n1.assignments()[1])).toEqual(['PersistentVolume pv'])
    const { uid } = (await client.get(PERSISTENT_VOLUMES, { name: 'pv' })).metadata
    for (const wrong of [
      { uid: 'other', from: n1 },
      { uid, from: n2 },
    ]) {
      wrong.from.frames.send({ type: 'volumeRemoved', name: 'pv', uid: wrong.uid })
      await clock.advance(100)
      expect((await client.list(PERSISTENT_VOLUMES)).items).toHaveLength(1)
    }
    n1.frames.send({ type: 'volumeRemoved', name: 'pv', uid })
    await clock.advance(100)
    expect((await client.list(PERSISTENT_VOLUMES)).items).toEqual([])
    expect(n1.assignments()[2]?.remove).toEqual([{ kind: 'PersistentVolume', namespace: '', name: 'pv', uid }])
  })
})
