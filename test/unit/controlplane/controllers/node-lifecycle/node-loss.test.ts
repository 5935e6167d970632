import { describe, expect, it } from 'vitest'
import type { Client } from '../../../../../controlplane/client/client.ts'
import { DeploymentController } from '../../../../../controlplane/controllers/deployment/deployment-controller.ts'
import { NodeLifecycle } from '../../../../../controlplane/controllers/node-lifecycle/node-lifecycle.ts'
import { ReplicaSetController } from '../../../../../controlplane/controllers/replicaset/replicaset-controller.ts'
import { TaintEviction } from '../../../../../controlplane/controllers/taint-eviction/taint-eviction.ts'
import { DEPLOYMENTS, EVENTS, NODES, PODS } from '../../../../../shared/api/kinds.ts'
import { startTestBinder } from '../../../../support/test-binder.ts'
import { startTestControlPlane, type TestControlPlane } from '../../../../support/test-control-plane.ts'
import { createTestMachine, type TestMachine } from '../../../../support/test-machine.ts'
import type { VirtualClock } from '../../../../support/virtual-clock.ts'
import { webDeployment } from '../deployment/deployment-cluster.ts'

function runAll(plane: TestControlPlane): void {
  plane.run(
    new NodeLifecycle(plane),
    new TaintEviction(plane),
    new DeploymentController(plane),
    new ReplicaSetController(plane),
  )
  startTestBinder(plane, plane.signal)
}

/** Writes wait, in their order, while the disk does not take them. */
class SlowDisk {
  #thawed: Promise<unknown> = Promise.resolve()
  thaw: () => void = () => {}

  freeze(): void {
    this.#thawed = new Promise<void>((resolve) => {
      this.thaw = resolve
    })
  }

  under(client: Client): Client {
    const isWrite = (name: string) => /^(create|update|updateStatus|modify|delete)$/.test(name)
    return new Proxy(client, {
      get: (target, name: keyof Client) => {
        const method = (target[name] as (...args: unknown[]) => unknown).bind(target)
        return isWrite(name) ? (...args: unknown[]) => this.#thawed.then(() => method(...args)) : method
      },
    })
  }
}

async function cluster(nodeCount = 3, replicas = 3, disk = new SlowDisk()) {
  const plane = await startTestControlPlane({ wrap: (client) => disk.under(client) })
  const { client, clock } = plane
  runAll(plane)
  const machines = Array.from({ length: nodeCount }, (_, i) => createTestMachine(`n${i + 1}`, plane))
  for (const machine of machines) {
    await machine.boot()
    await clock.advance(170) // heartbeats do not come in step
  }
  await client.create(DEPLOYMENTS, webDeployment({ replicas }))
  await clock.advance(3_000)

  const node = (name: string) => client.get(NODES, { name })
  return {
    ...plane,
    machines,
    machine: (name: string): TestMachine => machines.find((machine) => machine.name === name) as TestMachine,
    report: (name: string, type: string, status: string) =>
      client.modify(
        NODES,
        { name },
        (draft) => {
          const others = (draft.status?.conditions ?? []).filter((one) => one.type !== type)
          draft.status = { ...draft.status, conditions: [...others, { type, status }] }
        },
        { status: true },
      ),
    ready: async (name: string) => (await node(name)).status?.conditions?.find(({ type }) => type === 'Ready'),
    taints: async (name: string) => ((await node(name)).spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`),
    podsOn: async (name: string) => (await client.list(PODS, { fields: { 'spec.nodeName': name } })).items,
    running: async () => {
      const { items } = await client.list(PODS)
      return items.filter(
        ({ metadata, status }) =>
          !metadata.deletionTimestamp &&
          status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
      )
    },
    events: async (reason: string) =>
      (await client.list(EVENTS)).items.filter((event) => event.reason === reason).map(({ message }) => message),
  }
}

/** Milliseconds until `condition` holds. */
async function timeUntil(clock: VirtualClock, condition: () => Promise<boolean>, limitMs = 20_000): Promise<number> {
  const start = clock.now()
  await clock.until(condition, limitMs, 50)
  return clock.now() - start
}

const UNREACHABLE = 'node.kubernetes.io/unreachable'

describe('a node that loses its power', () => {
  it('is marked, tainted and emptied within six seconds, and its Pods run elsewhere', async () => {
    const { clock, machine, ready, taints, podsOn, running, events } = await cluster()
    expect(await taints('n2')).toEqual([])
    expect(await running()).toHaveLength(3)
    machine('n2').cutPower()
    const markedMs = await timeUntil(clock, async () => (await ready('n2'))?.status === 'Unknown')
    expect(markedMs).toBeGreaterThanOrEqual(3_000)
    expect(markedMs).toBeLessThanOrEqual(4_600)
    expect(await ready('n2')).toMatchObject({
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    })
    await clock.advance(100)
    expect(await taints('n2')).toEqual([`${UNREACHABLE}:NoSchedule`, `${UNREACHABLE}:NoExecute`])
    const lost = await podsOn('n2')
    expect(lost).toHaveLength(1)
    expect(lost[0]?.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False' }))

    const evictedMs = await timeUntil(clock, async () =>
      (await podsOn('n2')).every((pod) => pod.metadata.deletionTimestamp),
    )
    expect(markedMs + evictedMs).toBeLessThanOrEqual(6_000)
    expect((await podsOn('n2'))[0]?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'DeletionByTaintManager' }),
    )
    await clock.advance(500)
    expect(await running()).toHaveLength(3)
    expect(await events('NodeNotReady')).toContain('Node n2 status is now: NodeNotReady')
    expect(await events('TaintManagerEviction')).toEqual([`Marking for deletion Pod default/${lost[0]?.metadata.name}`])
  })

  it('is taken in again when it is back, and lets go of its superseded Pods', async () => {
    const { clock, machine, ready, taints, podsOn, running } = await cluster()
    machine('n2').cutPower()
    await clock.advance(30_000)
    expect(await podsOn('n2')).toHaveLength(1) // Terminating until its node says that it is gone
    await machine('n2').boot()
    await clock.advance(1_000)
    expect((await ready('n2'))?.status).toBe('True')
    expect(await taints('n2')).toEqual([])
    expect(await podsOn('n2')).toEqual([])
    expect(await running()).toHaveLength(3)
  })

  it('keeps its Pods where it is heard again before their time is up', async () => {
    const { clock, machine, ready, podsOn, events } = await cluster()
    machine('n2').cutPower()
    await timeUntil(clock, async () => (await ready('n2'))?.status === 'Unknown')
    await clock.advance(500)
    await machine('n2').boot()
    await clock.advance(5_000)
    const pods = await podsOn('n2')
    expect(pods).toHaveLength(1)
    expect(pods[0]?.metadata.deletionTimestamp).toBeUndefined()
    expect(await events('TaintManagerEviction')).toEqual([
      `Cancelling deletion of Pod default/${pods[0]?.metadata.name}`,
    ])
  })

  it('is not alone in a cluster of one: there is nothing to compare with', async () => {
    const { clock, machine, taints } = await cluster(1, 1)
    machine('n1').cutPower()
    await clock.advance(6_000)
    expect(await taints('n1')).toContain(`${UNREACHABLE}:NoExecute`)
  })

  it('is not one whose agent has said that it goes, until it fails to come back', async () => {
    const { clock, events, machine, podsOn, ready } = await cluster()
    await machine('n2').leave()
    await clock.advance(14_000)
    await machine('n2').boot()
    await clock.advance(5_000)
    expect(await events('NodeNotReady')).toEqual([])
    expect((await podsOn('n2')).map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined])
    await machine('n2').leave()
    const goneMs = await timeUntil(clock, async () => (await ready('n2'))?.status === 'Unknown')
    expect(goneMs).toBeGreaterThanOrEqual(14_000)
    expect(goneMs).toBeLessThanOrEqual(16_000)
  })

  it('is not one whose heartbeats the disk of the control plane holds up', async () => {
    const disk = new SlowDisk()
    const { clock, events, machine, podsOn, ready } = await cluster(1, 1, disk)
    disk.freeze()
    await clock.advance(20_000)
    disk.thaw()
    await clock.advance(5_000)
    expect(await events('NodeNotReady')).toEqual([])
    expect((await podsOn('n1')).map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined])
    machine('n1').cutPower()
    await timeUntil(clock, async () => (await ready('n1'))?.status === 'Unknown', 4_600)
  })

  it('gets its due even if others were lost before', async () => {
    const { clock, machine, podsOn, running } = await cluster(4, 4)
    for (const name of ['n1', 'n2']) {
      machine(name).cutPower()
      await clock.advance(10_000)
      expect((await podsOn(name)).every((pod) => pod.metadata.deletionTimestamp)).toBe(true)
    }
    expect(await running()).toHaveLength(4)
  })
})

describe('protection against mass eviction', () => {
  it('evicts nothing where all nodes fall silent at once, and gives new grace when one is back', async () => {
    const { clock, machines, machine, ready, taints, podsOn } = await cluster()
    for (const one of machines) one.cutPower()
    await clock.advance(60_000)
    for (const { name } of machines) {
      expect((await ready(name))?.status).toBe('Unknown')
      expect(await taints(name)).toEqual([`${UNREACHABLE}:NoSchedule`])
      expect((await podsOn(name)).map((pod) => pod.metadata.deletionTimestamp)).toEqual([undefined])
    }
    await machine('n1').boot()
    await clock.advance(13_000)
    expect(await taints('n2')).toEqual([`${UNREACHABLE}:NoSchedule`])
    await machine('n2').boot()
    await clock.advance(4_000)
    expect(await taints('n3')).toContain(`${UNREACHABLE}:NoExecute`)
    expect((await podsOn('n2')).filter((pod) => pod.metadata.deletionTimestamp)).toEqual([])
    expect((await podsOn('n3')).every((pod) => pod.metadata.deletionTimestamp)).toBe(true)
  })

  it('gives every node the time to find the control plane after its start', async () => {
    const before = await cluster()
    await before.stop()
    for (const one of before.machines) one.cutPower()
    await before.clock.advance(120_000)

    const plane = await startTestControlPlane({ clock: before.clock, registry: before.registry, seed: 2 })
    runAll(plane)
    await plane.clock.advance(14_000)
    expect((await before.ready('n1'))?.status).toBe('True')
    for (const name of ['n1', 'n2', 'n3']) await createTestMachine(name, plane).boot()
    await plane.clock.advance(10_000)
    expect((await plane.client.list(PODS)).items.filter(({ metadata }) => metadata.deletionTimestamp)).toEqual([])
  })
})

describe('a node that says itself that it is not ready', () => {
  it('keeps its Pods for five minutes, as ready as it says they are', async () => {
    const { clock, podsOn, report, running, taints } = await cluster()
    await report('n2', 'Ready', 'False')
    await clock.advance(290_000)
    expect(await taints('n2')).toContain('node.kubernetes.io/not-ready:NoExecute')
    expect((await podsOn('n2')).map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined])
    expect(await running()).toHaveLength(3)
    await clock.advance(12_000)
    expect(await podsOn('n2')).toEqual([])
    expect(await running()).toHaveLength(3)
  })

  it('keeps them for good where it is ready again in time', async () => {
    const { clock, events, podsOn, report } = await cluster()
    const before = (await podsOn('n2')).map(({ metadata }) => metadata.uid)
    await report('n2', 'Ready', 'False')
    await clock.advance(290_000)
    await report('n2', 'Ready', 'True')
    await clock.advance(60_000)
    expect((await podsOn('n2')).map(({ metadata }) => metadata.uid)).toEqual(before)
    expect(await events('TaintManagerEviction')).toHaveLength(1) // that it is called off
  })
})

describe('taints by condition', () => {
  it('follows spec.unschedulable, as kubectl cordon sets it, and leaves others alone', async () => {
    const { client, clock, taints } = await cluster()
    await client.modify(NODES, { name: 'n1' }, (draft) => {
      draft.spec.unschedulable = true
      draft.spec.taints = [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }]
    })
    await clock.advance(10)
    expect(await taints('n1')).toEqual(['dedicated:NoSchedule', 'node.kubernetes.io/unschedulable:NoSchedule'])
    await client.modify(NODES, { name: 'n1' }, (draft) => {
      delete draft.spec.unschedulable
    })
    await clock.advance(10)
    expect(await taints('n1')).toEqual(['dedicated:NoSchedule'])
  })

  it('keeps Pods off a node that reports pressure, or that is not ready', async () => {
    const { clock, report, taints } = await cluster()
    await report('n1', 'DiskPressure', 'True')
    await clock.advance(10)
    expect(await taints('n1')).toEqual(['node.kubernetes.io/disk-pressure:NoSchedule'])
    await report('n1', 'DiskPressure', 'False')
    await report('n1', 'Ready', 'False')
    await clock.advance(10)
    expect(await taints('n1')).toEqual([
      'node.kubernetes.io/not-ready:NoSchedule',
      'node.kubernetes.io/not-ready:NoExecute',
    ])
  })
})
