import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EvictionManager } from '../../agent/eviction/eviction-manager.ts'
import { readMachine } from '../../agent/node/machine.ts'
import { NodeFacts } from '../../agent/node/node-facts.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import type { Runtime } from '../../agent/runtime/runtime.ts'
import type { Container } from '../../shared/api/generated/core-v1.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { AgentNode } from '../support/agent-node.ts'
import { assignedPod, podContainer } from '../support/assigned-pod.ts'
import { Lab } from '../support/lab.ts'
import { eventually } from '../support/shell.ts'
import { loadTestImage, TEST_IMAGE } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const clock = systemClock({ background: true })
const HASTE = 10
/** What looks every ten seconds looks every second ... */
const often: Clock = { ...clock, every: (intervalMs, run) => clock.every(intervalMs / HASTE, run) }
/** ... and what waits for ten seconds waits for one. */
const hasty: Clock = {
  ...often,
  monotonic: () => clock.monotonic() * HASTE,
  after: (delayMs, run) => clock.after(delayMs / HASTE, run),
}
const log = silentLogger
const FOREVER = 'trap "exit 0" TERM; sleep 1000 & wait'

const sh = (script: string, more: Partial<Container> = {}) =>
  podContainer('web', { image: TEST_IMAGE, command: ['sh', '-c', script], ...more })

describe('a node whose disk is full', () => {
  let lab: Lab
  let runtime: Runtime
  let node: AgentNode
  let facts: NodeFacts
  let evictions: EvictionManager

  beforeAll(async () => {
    lab = await Lab.up(1, { dockerDisk: '64m' })
    const docker = { socketPath: lab.dockerSocket('h1') }
    runtime = createDockerRuntime({ clusterId: 'full', nodeName: 'h1', clock, log, docker })
    await loadTestImage({ docker })
    await joinTestNetwork(runtime, 'full')
    node = new AgentNode(runtime, hasty)
    const machine = () => readMachine(lab.dockerDirectory('h1'))
    facts = new NodeFacts({ runtime, nodeName: 'h1', version: '0', clock: often, log, readMachine: machine })
    evictions = new EvictionManager({
      ...{ runtime, clock: often, log, pods: node.manager, maxPodGraceSeconds: 0 },
      look: () => facts.look(),
      observations: () => facts.observations(),
      due: () => facts.dueThresholds(),
      reclaim: async () => node.manager.discardEnded(),
      event: () => {},
    })
  })

  afterAll(async () => {
    evictions?.stop()
    facts?.stop()
    node?.manager.stop()
    await lab?.down()
  })

  const isReady = (name: string) =>
    node.status(name)?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
  const freeBytes = async () => (await readMachine(lab.dockerDirectory('h1'))).disk?.availableBytes ?? 0
  const until = (what: string, condition: () => boolean | Promise<boolean>) =>
    eventually(`${what}: ${JSON.stringify(node.said())}`, async () => condition(), 60_000)

  it('says why nothing new starts, evicts the Pod that wrote, and nobody else; what waited starts', async () => {
    node.put(assignedPod('bystander', { containers: [sh(FOREVER)] }))
    const volumeMounts = [{ name: 'data', mountPath: '/data' }]
    const writer = sh('head -c 1000m /dev/zero > /data/x; sleep 1000', { volumeMounts })
    await until('the bystander runs', () => isReady('bystander'))
    node.put(assignedPod('writer', { volumes: [{ name: 'data', emptyDir: {} }], containers: [writer] }))
    await until('the disk is full', async () => (await freeBytes()) === 0)

    node.put(assignedPod('late', { containers: [sh(FOREVER)] }))
    const why = /^FailedCreatePodSandBox: Failed to create pod sandbox: .*no space left on device/
    await until('it is said', () => node.said().some((line) => why.test(line)))
    expect(isReady('bystander')).toBe(true)

    await facts.start(() => {})
    expect(facts.pressure()).toEqual(['DiskPressure'])
    evictions.start()
    await until('the writer is evicted', () => node.status('writer')?.reason === 'Evicted')
    await until('the disk is free', async () => (await freeBytes()) > 32 * 2 ** 20)
    expect(await runtime.list('uid-writer')).toEqual({ sandboxes: [], containers: [], volumes: [] })

    await until('the late one runs', () => isReady('late'))
    expect(node.status('bystander')?.containerStatuses).toMatchObject([{ restartCount: 0, ready: true }])
    expect(node.said().filter((line) => line.startsWith('Evicted:'))).toHaveLength(1)
  })
})
