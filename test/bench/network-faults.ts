// What clients of a Service see while the network between three lab machines fails; needs root (see test/lab/README.md).
//   npx tsx test/bench/network-faults.ts [link] [power] [slow] [loss]      all of them unless some are named
// Each client sends all the time, over new and over kept connections. Prints what it saw, and ends with 1 where something did not
// hold that must: what is not touched by a fault goes on, a fault that is over is forgotten, no node is given up that lives, a node
// that is dead gets no requests once it is given up, and an update loses none where packets are late or lost.
import { setTimeout as pause } from 'node:timers/promises'
import type { Event, Node } from '../../shared/api/kinds.ts'
import type { LoadReport } from '../support/http-load.ts'
import { Machines } from '../support/machines.ts'
import { eventually } from '../support/shell.ts'
import { WebUnderLoad } from '../support/web-under-load.ts'

const REPLICAS = 6
const FAULT_MS = 15_000
/** A heartbeat each second, four seconds of patience, and half a second between looks; then all nodes must hear of it. */
const NODE_FAILURE_MS = 8_000
/** How soon after a fault the way is found again: neighbours that did not answer are asked again after seconds. */
const RECOVERY_MS = 10_000
/** So that a packet that is lost five times running is no failure. */
const PATIENT_MS = 60_000
const IMPATIENT_MS = 3_000

const scenarios = { link: cutLink, power: powerOff, slow: slowLink, loss: losePackets }
const isScenario = (word: string): word is keyof typeof scenarios => word in scenarios
const named = process.argv.slice(2).filter(isScenario)

let machines: Machines
let web: WebUnderLoad

function check(isTrue: boolean, what: string): void {
  console.log(`  ${isTrue ? 'ok' : 'BROKEN'}: ${what}`)
  if (!isTrue) process.exitCode = 1
}

interface Seen {
  total: number
  failed: number
  slowestMs: number
  errors: string[]
}

type Reports = ReadonlyMap<string, readonly LoadReport[]>

/** What each client saw from one moment to another. */
function between(before: Reports, after: Reports): Map<string, Seen> {
  const seen = [...after].map(([who, all]): [string, Seen] => {
    const first = before.get(who) ?? []
    const since = all.slice(first.length)
    const difference = (of: 'total' | 'failed') => (all.at(-1)?.[of] ?? 0) - (first.at(-1)?.[of] ?? 0)
    return [
      who,
      {
        total: difference('total'),
        failed: difference('failed'),
        slowestMs: Math.max(0, ...since.map(({ slowestMs }) => slowestMs)),
        errors: since.flatMap(({ errors }) => errors),
      },
    ]
  })
  return new Map(seen)
}

/** Lets time pass, or something happen, and prints what each client saw of it. */
async function watch(what: string, during: () => Promise<unknown>): Promise<Map<string, Seen>> {
  const before = await web.reports()
  const beganAt = Date.now()
  await during()
  const tookMs = Date.now() - beganAt
  const seen = between(before, await web.reports())
  console.log(`  ${what} (${(tookMs / 1000).toFixed(1)} s)`)
  for (const [who, { total, failed, slowestMs, errors }] of seen) {
    console.log(`    ${who}: ${failed} failed of ${total}, the slowest answer took ${slowestMs} ms`)
    const few = errors.length > 6 ? [...errors.slice(0, 3), '...', ...errors.slice(-3)] : errors
    for (const error of few) console.log(`      ${error}`)
  }
  return seen
}

function failures(seen: ReadonlyMap<string, Seen>): number {
  return [...seen.values()].reduce((sum, { failed }) => sum + failed, 0)
}

/** Times at which a node was given up, and what runs where since when. */
async function standing() {
  const events = await machines.get<{ items: Event[] }>('events', '--field-selector', 'reason=NodeNotReady')
  const lost = events.items.filter(({ involvedObject }) => involvedObject.kind === 'Node')
  const on = machines.hosts.filter((host) => machines.isOn(host))
  const containers = await Promise.all(on.map((host) => machines.containers(host)))
  return { lost: lost.reduce((sum, { count = 1 }) => sum + count, 0), containers: JSON.stringify(containers) }
}

async function isReady(host: string): Promise<boolean> {
  const { status } = await machines.get<Node>('node', host)
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** Waits until a few seconds pass in which no request fails that was sent in them; gives how long it took to get there. */
async function recovery(): Promise<number> {
  const beganAt = Date.now()
  await watch('afterwards', () => pause(RECOVERY_MS + IMPATIENT_MS))
  const reports = [...(await web.reports()).values()]
  const lastSentAt = Math.max(0, ...reports.map((all) => all.at(-1)?.lastFailedSentAt ?? 0))
  return Math.max(0, lastSentAt - beganAt)
}

async function cutLink(): Promise<void> {
  await web.startClients({ timeoutMs: IMPATIENT_MS })
  const before = await standing()
  await machines.lab.cut('h1', 'h2')
  const seen = await watch('the link between h1 and h2 is cut', () => pause(FAULT_MS))
  await machines.lab.heal('h1')
  const recoveryMs = await recovery()
  const after = await standing()
  check((seen.get('Pod on h3')?.failed ?? 0) === 0, 'whoever is at neither end of the link sees nothing of it')
  check(
    (seen.get('Pod on h1')?.failed ?? 0) > 0,
    'whoever is at an end sees requests to the other fail, as in Kubernetes',
  )
  check(recoveryMs < RECOVERY_MS, `all is well again, the last failed request was sent ${recoveryMs} ms after the cut`)
  check(after.lost === before.lost, 'no node was given up')
  check(after.containers === before.containers, 'no container was started or ended')
}

async function powerOff(): Promise<void> {
  await web.startClients({ on: ['h1', 'h2'], timeoutMs: IMPATIENT_MS })
  const offAt = Date.now()
  const left = ['Pod on h1', 'Pod on h2']
  await watch('h3 is switched off', async () => {
    await machines.powerOff('h3')
    await pause(NODE_FAILURE_MS + 2 * IMPATIENT_MS)
  })
  const reports = await web.reports()
  for (const who of left) {
    const all = reports.get(who) ?? []
    const lastMs = Math.max(0, (all.at(-1)?.lastFailedSentAt ?? 0) - offAt)
    const failed = all.at(-1)?.failed
    check(lastMs < NODE_FAILURE_MS, `${who}: ${failed} failed, the last of them was sent ${lastMs} ms after the end`)
  }
  await web.hasAvailable(REPLICAS)
  await machines.powerOn('h3')
  await eventually('h3 is Ready', () => isReady('h3'))
  const again = await watch('h3 is back', () => pause(5_000))
  check(
    left.every((who) => again.get(who)?.failed === 0),
    'no request fails when it comes back',
  )
}

/** Updates and looks at a machine while something is wrong with its link, which must cost time only. */
async function updateWhile(what: string): Promise<void> {
  const before = await standing()
  const seen = await watch(`an update while ${what}`, () => web.roll(what.replace(/\W+/g, '-')))
  check(failures(seen) === 0, 'the update lost no request')
  const beganAt = Date.now()
  for (let number = 0; number < 5; number++) {
    const output = await machines.kubectl('exec', 'client-h2', '--', '/bin/node', '-p', `${number}+1`)
    if (output.trim() !== String(number + 1)) check(false, `exec says ${output}`)
  }
  check(true, `five commands ran in a Pod there, each in ${Math.round((Date.now() - beganAt) / 5)} ms`)
  const after = await standing()
  check(after.lost === before.lost, 'no node was given up')
}

async function slowLink(): Promise<void> {
  await web.startClients({ timeoutMs: PATIENT_MS })
  await machines.lab.slow('h2', 100, '20mbit')
  await updateWhile('packets of h2 take 100 ms each way, at most 20 Mbit/s')
  await machines.lab.heal('h2')
}

async function losePackets(): Promise<void> {
  await web.startClients({ timeoutMs: PATIENT_MS })
  for (const percent of [5, 10]) {
    await machines.lab.lose('h2', percent)
    await updateWhile(`${percent} % of the packets of h2 are lost each way`)
    await machines.lab.heal('h2')
  }
}

machines = await Machines.start(3)
web = new WebUnderLoad(machines)
try {
  await web.start(REPLICAS)
  for (const name of named.length > 0 ? named : Object.keys(scenarios).filter(isScenario)) {
    console.log(`${name}:`)
    await scenarios[name]()
  }
} finally {
  web.stop()
  await machines.stop()
}
