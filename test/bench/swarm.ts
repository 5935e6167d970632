// Kubette beside Docker Swarm on the same three lab machines, in one run; needs root (see test/lab/README.md).
//   npx tsx test/bench/swarm.ts [replicas]
// Prints for each measure both times and their ratio, ours / Swarm, with the goal beside it.
import { Machines } from '../support/machines.ts'
import { eventually, run } from '../support/shell.ts'
import { loadTestImage, TEST_IMAGE } from '../support/test-image.ts'

const REPLICAS = Number(process.argv[2] ?? 30)
const COMMAND = ['httpd', '-f', '-p', '8080']
const LIMIT_MS = 120_000
const POLL_MS = 100

/** Something that runs one service on all machines. */
interface Contender {
  create(): Promise<void>
  /** How many replicas run on these hosts. */
  running(hosts: readonly string[]): Promise<number>
}

interface Result {
  createdMs: number
  movedMs: number
}

async function timed(start: () => Promise<unknown>, isDone: () => Promise<boolean>): Promise<number> {
  const startedAt = performance.now()
  await start()
  await eventually('done', isDone, LIMIT_MS, POLL_MS)
  return performance.now() - startedAt
}

async function measure(machines: Machines, contender: Contender): Promise<Result> {
  const { hosts } = machines
  const [lost = '', ...others] = [...hosts].reverse()
  const allRunOn = (where: readonly string[]) => async () => (await contender.running(where)) === REPLICAS
  const createdMs = await timed(() => contender.create(), allRunOn(hosts))
  const movedMs = await timed(() => machines.powerOff(lost), allRunOn(others))
  await machines.powerOn(lost)
  return { createdMs, movedMs }
}

/** Counted on the machines themselves, so that neither's own bookkeeping takes part. */
async function runningContainers(machines: Machines, hosts: readonly string[], label: string): Promise<number> {
  const counts = hosts.map(async (host) => {
    const docker = ['-H', `unix://${machines.lab.dockerSocket(host)}`]
    const ids = await run('docker', [...docker, 'ps', '-q', '--filter', `label=${label}`, '--filter', 'status=running'])
    return ids.split('\n').filter(Boolean).length
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

function kubetteOn(machines: Machines): Contender {
  return {
    create: () =>
      machines.apply({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'bench' },
        spec: {
          replicas: REPLICAS,
          selector: { matchLabels: { app: 'bench' } },
          template: {
            metadata: { labels: { app: 'bench' } },
            spec: {
              terminationGracePeriodSeconds: 1,
              containers: [{ name: 'web', image: TEST_IMAGE, command: COMMAND }],
            },
          },
        },
      }),
    running: (hosts) => runningContainers(machines, hosts, 'io.kubernetes.container.name=web'),
  }
}

async function swarmOn(machines: Machines): Promise<Contender> {
  const { lab, hosts } = machines
  const [manager = '', ...workers] = hosts
  await lab.exec(manager, 'docker', 'swarm', 'init', '--advertise-addr', lab.address(manager))
  const token = (await lab.exec(manager, 'docker', 'swarm', 'join-token', '-q', 'worker')).trim()
  for (const host of workers) {
    const where = ['--advertise-addr', lab.address(host), `${lab.address(manager)}:2377`]
    await lab.exec(host, 'docker', 'swarm', 'join', '--token', token, ...where)
  }
  const create = [
    'service',
    'create',
    '--detach',
    '--no-resolve-image',
    '--name',
    'bench',
    '--replicas',
    String(REPLICAS),
  ]
  return {
    create: async () => {
      await lab.exec(manager, 'docker', ...create, TEST_IMAGE, ...COMMAND)
    },
    running: (on) => runningContainers(machines, on, 'com.docker.swarm.service.name=bench'),
  }
}

function report(what: string, ours: number, swarm: number, goal: number): void {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const ratio = (ours / swarm).toFixed(2)
  console.log(`${what}: kubette ${seconds(ours)}, swarm ${seconds(swarm)}, ratio ${ratio} (goal <= ${goal})`)
}

const machines = await Machines.start(3)
try {
  for (const host of machines.hosts) {
    await loadTestImage({ docker: { socketPath: machines.lab.dockerSocket(host) } })
    await eventually(`${host} is Ready`, () => machines.kubectl('wait', '--for=condition=Ready', `node/${host}`))
  }
  const ours = await measure(machines, kubetteOn(machines))
  await machines.kubectl('delete', 'deployment', 'bench', '--cascade=foreground')
  await eventually('nothing of ours runs', async () => {
    const counts = await Promise.all(machines.hosts.map((host) => machines.containers(host)))
    return counts.flat().length === 0
  })
  const swarm = await measure(machines, await swarmOn(machines))
  report(`create to running, ${REPLICAS} replicas on three machines`, ours.createdMs, swarm.createdMs, 0.7)
  report(`power cut to ${REPLICAS} running elsewhere`, ours.movedMs, swarm.movedMs, 0.4)
} finally {
  await machines.stop()
}
