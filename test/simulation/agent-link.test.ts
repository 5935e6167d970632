import { expect, it } from 'vitest'
import type { Assignments } from '../../agent/assignments.ts'
import { createControlLink } from '../../agent/connection/control-link.ts'
import { NetworkState } from '../../agent/network/network-state.ts'
import { createNodeHub } from '../../controlplane/nodes/node-hub.ts'
import { PODS } from '../../shared/api/kinds.ts'
import { silentLogger } from '../../shared/log.ts'
import { randomInt } from '../../shared/random.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type SocketPair, socketPair } from '../support/socket-pair.ts'
import { startTestControlPlane } from '../support/test-control-plane.ts'

const STEPS = 60

/**
 * One agent on a bad line, while Pods come and go and report: when the line is good again, the agent has exactly the
 * Pods that are bound to it, and the API has each Pod's newest status.
 */
async function run(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const plane = await startTestControlPlane({ seed })
  const { clock, client } = plane
  const hub = createNodeHub({ ...plane, clusterId: 'c1', heartbeat: { intervalMs: 500, silenceMs: 5000 } })
  let line: SocketPair | undefined
  let isCut = false
  let assigned: Assignments | undefined
  const link = createControlLink({
    dial: async () => {
      if (isCut) throw new Error('no route to host')
      line = socketPair({ clock, delayMs: () => randomInt(random, 40) })
      hub.accept(line.a, 'n1', 'key')
      return line.b
    },
    clock,
    random,
    log: silentLogger,
    agentVersion: '0',
    node: () => ({ labels: {}, status: {} }),
    assignments: {
      assign: (next) => {
        assigned = next
      },
    },
    network: new NetworkState({ clock, log: silentLogger }),
    streams: { serve: async () => {} },
  })
  link.start()

  const said = new Map<string, string>()
  let made = 0
  const actions = [
    async () => {
      const name = `p${made++}`
      const pod = { metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'x' }] } }
      await client.bind(await client.create(PODS, pod), random.next() < 0.8 ? 'n1' : 'n2')
    },
    async () => {
      const pods = (await client.list(PODS)).items
      const victim = pods[randomInt(random, Math.max(1, pods.length))]
      if (victim)
        await client.delete(PODS, { namespace: 'default', name: victim.metadata.name }, { gracePeriodSeconds: 0 })
    },
    async () => {
      for (const { metadata } of assigned?.pods.values() ?? []) {
        const podIP = `10.0.${randomInt(random, 250)}.${randomInt(random, 250)}`
        said.set(metadata.uid, podIP)
        const { namespace = '', name, uid } = metadata
        link.reporter.podStatus({ namespace, name, uid, status: { phase: 'Running', podIP }, terminated: false })
      }
    },
    async () => line?.drop(),
    async () => line?.heal(),
    async () => line?.cut(),
    async () => {
      isCut = !isCut
      line?.drop()
    },
  ]
  for (let step = 0; step < STEPS; step++) {
    await actions[randomInt(random, actions.length)]?.()
    await clock.advance(randomInt(random, 1500))
  }
  isCut = false
  line?.cut()
  await clock.advance(60_000)

  const bound = (await client.list(PODS)).items.filter(({ spec }) => spec?.nodeName === 'n1')
  expect([...(assigned?.pods.keys() ?? [])].sort()).toEqual(bound.map(({ metadata }) => metadata.uid).sort())
  for (const { metadata, status } of bound) expect(status?.podIP).toBe(said.get(metadata.uid))
  expect(hub.connected()).toEqual(['n1'])
  link.close()
  hub.close()
  await plane.stop()
}

it.each(Array.from({ length: 25 }, (_, seed) => seed + 1))('a bad line loses nothing (seed %i)', run)
