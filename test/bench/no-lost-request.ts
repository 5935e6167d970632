// Requests that fail while an application is updated under load, on three lab machines; needs root (see test/lab/README.md).
//   npx tsx test/bench/no-lost-request.ts [rounds] [requests] [--no-drain]
// A round is a rolling update, a node's drain and an eviction at the same time, and a scale-down, of a server that ends at once
// on TERM; it lasts until its share of the requests is sent. Clients are a Pod on each of two machines (through the Service) and
// one outside (through their node ports), each over new and over kept connections. Prints failed and total of each, and
// ends with 1 where any failed; with --no-drain what is lost where Pods do not leave their Services first.
import type { LoadReport } from '../support/http-load.ts'
import { Machines } from '../support/machines.ts'
import { eventually } from '../support/shell.ts'
import { WebUnderLoad } from '../support/web-under-load.ts'

const [rounds = 50, requests = 20_000 * rounds] = process.argv.slice(2).filter(isNumber).map(Number)
const agentOptions = process.argv.includes('--no-drain') ? ['--no-drain'] : []
const REPLICAS = 3

function isNumber(word: string): boolean {
  return /^\d+$/.test(word)
}

/** What `kubectl drain` does with a Pod, without waiting for its end. */
async function evict(machines: Machines, name: string): Promise<void> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } }
  await machines.create(`/api/v1/namespaces/default/pods/${name}/eviction`, eviction)
}

async function round(machines: Machines, web: WebUnderLoad, number: number): Promise<void> {
  await web.roll(String(number))
  await web.scale(2 * REPLICAS)
  await web.hasAvailable(2 * REPLICAS)
  const host = machines.hosts[number % machines.hosts.length] ?? ''
  const elsewhere = (await web.pods()).find(({ spec }) => spec.nodeName !== host)
  await Promise.all([
    machines.kubectl('drain', host, '--pod-selector=app=web', '--ignore-daemonsets'),
    evict(machines, elsewhere?.metadata.name ?? ''),
  ])
  await machines.kubectl('uncordon', host)
  await web.hasAvailable(2 * REPLICAS)
  await web.scale(REPLICAS)
  await web.hasEnded()
}

function sum(reports: Iterable<readonly LoadReport[]>, of: 'total' | 'failed'): number {
  return [...reports].reduce((total, all) => total + (all.at(-1)?.[of] ?? 0), 0)
}

const machines = await Machines.start(3, agentOptions)
const web = new WebUnderLoad(machines)
try {
  await web.start(REPLICAS)
  await web.startClients({ on: ['h2', 'h3'] })
  const total = async () => sum((await web.reports()).values(), 'total')
  const beganAt = Date.now()
  for (let number = 1; number <= rounds; number++) {
    await round(machines, web, number)
    const share = (requests / rounds) * number
    await eventually(`${share} requests are sent`, async () => (await total()) >= share, 600_000, 1_000)
    const reports = [...(await web.reports()).values()]
    const seconds = Math.round((Date.now() - beganAt) / 1000)
    const counts = `${sum(reports, 'failed')} failed of ${sum(reports, 'total')}`
    console.log(`after round ${number} of ${rounds} and ${seconds} s: ${counts}`)
  }
  const reports = await web.reports()
  for (const [who, all] of reports) {
    console.log(`${who}: ${all.at(-1)?.failed} failed of ${all.at(-1)?.total}`)
    for (const error of all.flatMap(({ errors }) => errors)) console.log(`  ${error}`)
  }
  if (sum(reports.values(), 'failed') > 0) process.exitCode = 1
} finally {
  web.stop()
  await machines.stop()
}
