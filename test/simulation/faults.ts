import type { Random } from '../../shared/random.ts'
import { randomInt } from '../../shared/random.ts'
import type { FakeCall } from '../support/fake-runtime.ts'
import type { SimAgent } from '../support/sim-agent.ts'
import type { SimCluster } from '../support/sim-cluster.ts'

/** One thing that goes wrong, or is put right. Undefined where it cannot happen just now. */
type Fault = (cluster: SimCluster, random: Random) => Promise<string> | string | undefined

/** By how often they happen. */
const FAULTS: readonly [number, Fault][] = [
  [4, killContainer],
  [2, killSandbox],
  [3, cutAgent],
  [2, slowDownAgent],
  [4, healAgent],
  [3, crashAgent],
  [3, startAgent],
  [1, powerCut],
  [2, crashControlPlane],
  [1, stopControlPlane],
  [9, startControlPlane],
  [1, runtimeDown],
  [2, runtimeUp],
  [4, runtimeCallFails],
  [2, runtimeAnswerLost],
  [1, storeRefuses],
  [2, storeAccepts],
  [1, imageCannotBePulled],
  [2, imagesCanBePulled],
]

/** Lets one fault happen that can happen now. */
export async function happen(cluster: SimCluster, random: Random): Promise<void> {
  for (;;) {
    const done = await pick(random)(cluster, random)
    if (done === undefined) continue
    cluster.note(done)
    return
  }
}

/** Puts right all that went wrong. */
export async function healAll(cluster: SimCluster): Promise<void> {
  await cluster.startControlPlane()
  cluster.setStoreRefuses(false)
  for (const agent of cluster.agents) {
    agent.heal()
    agent.runtime.setDown(false)
    agent.runtime.pullErrors.clear()
    agent.start()
  }
  cluster.note('all healed')
}

function pick(random: Random): Fault {
  const total = FAULTS.reduce((sum, [weight]) => sum + weight, 0)
  let left = randomInt(random, total)
  for (const [weight, fault] of FAULTS) {
    left -= weight
    if (left < 0) return fault
  }
  throw new Error('unreachable')
}

function killContainer(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  const container = agent && anyOf(agent.runtime.running(), random)
  if (!container) return undefined
  agent.runtime.exitContainer(container.id, { exitCode: randomInt(random, 2) * 137 })
  return `kill ${container.name} of ${container.pod.name} on ${agent.name}`
}

function killSandbox(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  const sandboxes = [...(agent?.runtime.sandboxes.values() ?? [])].filter(({ running }) => running)
  const sandbox = anyOf(sandboxes, random)
  if (!agent || !sandbox) return undefined
  agent.runtime.killSandboxProcess(sandbox.id)
  return `kill the sandbox of ${sandbox.pod.name} on ${agent.name}`
}

function cutAgent(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents.filter(isReachable), random)
  const noticed = random.next() < 0.5
  agent?.cut(noticed)
  return agent && `cut ${agent.name}, ${noticed ? 'noticed' : 'in silence'}`
}

function slowDownAgent(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents.filter(isReachable), random)
  const delayMs = randomInt(random, 8_000)
  agent?.slowDown(delayMs)
  return agent && `slow down the line of ${agent.name} by ${delayMs} ms`
}

function healAgent(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(
    cluster.agents.filter((agent) => agent.isRunning && !agent.isReachable),
    random,
  )
  agent?.heal()
  return agent && `heal ${agent.name}`
}

function crashAgent(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(
    cluster.agents.filter((agent) => agent.isRunning),
    random,
  )
  agent?.crash()
  return agent && `crash the agent of ${agent.name}`
}

function startAgent(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(
    cluster.agents.filter((agent) => !agent.isRunning),
    random,
  )
  agent?.start()
  return agent && `start the agent of ${agent.name}`
}

function powerCut(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  agent?.powerCut()
  return agent && `power cut of ${agent.name}`
}

function crashControlPlane(cluster: SimCluster): string | undefined {
  if (!cluster.isControlPlaneRunning) return undefined
  cluster.crashControlPlane()
  return 'crash the control plane'
}

async function stopAndNote(cluster: SimCluster): Promise<string> {
  await cluster.stopControlPlane()
  return 'stop the control plane'
}

function stopControlPlane(cluster: SimCluster): Promise<string> | undefined {
  return cluster.isControlPlaneRunning ? stopAndNote(cluster) : undefined
}

async function startAndNote(cluster: SimCluster): Promise<string> {
  await cluster.startControlPlane()
  return 'start the control plane'
}

function startControlPlane(cluster: SimCluster): Promise<string> | undefined {
  return cluster.isControlPlaneRunning ? undefined : startAndNote(cluster)
}

function runtimeDown(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  agent?.runtime.setDown(true)
  return agent && `the runtime of ${agent.name} goes down`
}

function runtimeUp(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  agent?.runtime.setDown(false)
  return agent && `the runtime of ${agent.name} is up`
}

const CALLS: readonly FakeCall[] = [
  'list',
  'runSandbox',
  'stopSandbox',
  'removeSandbox',
  'createContainer',
  'startContainer',
  'stopContainer',
  'killContainer',
  'removeContainer',
  'removeVolumes',
  'pullImage',
]

function runtimeCallFails(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  const call = anyOf(CALLS, random)
  const times = 1 + randomInt(random, 3)
  if (!agent || !call) return undefined
  agent.runtime.failNext(call, undefined, times)
  return `${call} on ${agent.name} will fail ${times} times`
}

function runtimeAnswerLost(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  const call = anyOf(CALLS, random)
  if (!agent || !call) return undefined
  agent.unanswered.loseNext(call)
  return `the answer to ${call} on ${agent.name} will be lost`
}

function storeRefuses(cluster: SimCluster): string | undefined {
  if (!cluster.isControlPlaneRunning) return undefined
  cluster.setStoreRefuses(true)
  return 'the store refuses writes'
}

function storeAccepts(cluster: SimCluster): string | undefined {
  cluster.setStoreRefuses(false)
  return 'the store accepts writes'
}

function imageCannotBePulled(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  const image = `web:${randomInt(random, 10)}`
  agent?.runtime.pullErrors.set(image, 'not found')
  return agent && `${image} cannot be pulled on ${agent.name}`
}

function imagesCanBePulled(cluster: SimCluster, random: Random): string | undefined {
  const agent = anyOf(cluster.agents, random)
  agent?.runtime.pullErrors.clear()
  return agent && `all images can be pulled on ${agent.name}`
}

function isReachable(agent: SimAgent): boolean {
  return agent.isReachable
}

function anyOf<T>(items: readonly T[], random: Random): T | undefined {
  return items[randomInt(random, items.length)]
}
