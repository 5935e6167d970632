// Requests that fail while an application is updated under load, on three lab machines; needs root (see test/lab/README.md).
//   npx tsx test/bench/no-lost-request.ts [rounds] [--no-drain]
// A round is a rolling update, a node's drain, and a scale-down, of a server that ends at once on TERM. Clients are a Pod on each
// of two machines (through the Service) and one outside (through a node port), each over new and over kept connections. Prints
// failed and total of each; with --no-drain what is lost where Pods do not leave their Services first.
import { type ChildProcess, spawn } from 'node:child_process'
import { CLIENT_SCRIPT, type LoadReport, readReport, SERVER_SCRIPT } from '../support/http-load.ts'
import { Machines } from '../support/machines.ts'
import { loadNodeImage, NODE_IMAGE } from '../support/node-image.ts'
import { eventually } from '../support/shell.ts'

const rounds = Number(process.argv[2] ?? 50)
const agentOptions = process.argv.includes('--no-drain') ? ['--no-drain'] : []
const NODE_PORT = 30_080
const REPLICAS = 3
const labels = { app: 'web' }

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }] },
}

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: REPLICAS,
    selector: { matchLabels: labels },
    strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'web',
            image: NODE_IMAGE,
            args: [SERVER_SCRIPT],
            readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
}

/** By the address of the Service: the name is not what is tried here. */
const client = (name: string, nodeName: string, address: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'client' } },
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'client',
        image: NODE_IMAGE,
        args: [CLIENT_SCRIPT],
        env: [{ name: 'LOAD_URL', value: `http://${address}/` }],
      },
    ],
  },
})

class Outside {
  readonly #process: ChildProcess
  #output = ''

  constructor(machines: Machines) {
    const [program, args] = machines.lab.onSwitch(process.execPath, '-e', CLIENT_SCRIPT)
    const url = `http://${machines.lab.address('h1')}:${NODE_PORT}/`
    this.#process = spawn(program, args, {
      env: { ...process.env, LOAD_URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#process.stdout?.on('data', (chunk) => {
      this.#output = `${this.#output}${chunk}`.slice(-100_000)
    })
  }

  report(): LoadReport {
    return readReport(this.#output)
  }

  stop(): void {
    this.#process.kill()
  }
}

async function settled(machines: Machines): Promise<void> {
  await machines.kubectl('rollout', 'status', 'deployment/web', '--timeout=120s')
  await eventually('no Pod is ending', async () => {
    const { items } = await machines.get<{ items: unknown[] }>('pods', '-l', 'app=web')
    return items.length === REPLICAS
  })
}

async function round(machines: Machines, number: number): Promise<void> {
  await machines.kubectl('set', 'env', 'deployment/web', `ROUND=${number}`)
  await settled(machines)
  const host = machines.hosts[number % machines.hosts.length] ?? ''
  await machines.kubectl('drain', host, '--pod-selector=app=web', '--ignore-daemonsets')
  await settled(machines)
  await machines.kubectl('uncordon', host)
  await machines.kubectl('scale', 'deployment/web', `--replicas=${2 * REPLICAS}`)
  await machines.kubectl('rollout', 'status', 'deployment/web', '--timeout=120s')
  await machines.kubectl('scale', 'deployment/web', `--replicas=${REPLICAS}`)
  await settled(machines)
}

const machines = await Machines.start(3, agentOptions)
let outside: Outside | undefined
try {
  await Promise.all(machines.hosts.map((host) => loadNodeImage({ socketPath: machines.lab.dockerSocket(host) })))
  for (const host of machines.hosts) {
    await eventually(`${host} is Ready`, () => machines.kubectl('wait', '--for=condition=Ready', `node/${host}`))
  }
  await machines.apply(service)
  await machines.apply(deployment)
  await settled(machines)
  const { spec } = await machines.get<{ spec: { clusterIP: string } }>('service', 'web')
  for (const host of ['h2', 'h3']) await machines.apply(client(`client-${host}`, host, spec.clusterIP))
  await machines.kubectl('wait', '--for=condition=Ready', 'pod', '-l', 'app=client', '--timeout=60s')
  outside = new Outside(machines)

  const reports = async () => ({
    'Pod on h2': readReport(await machines.kubectl('logs', 'client-h2', '--tail=1')),
    'Pod on h3': readReport(await machines.kubectl('logs', 'client-h3', '--tail=1')),
    'outside, through a node port': outside?.report(),
  })
  for (let number = 1; number <= rounds; number++) {
    await round(machines, number)
    const all = Object.values(await reports())
    const sum = (of: 'total' | 'failed') => all.reduce((total, report) => total + (report?.[of] ?? 0), 0)
    console.log(`after round ${number} of ${rounds}: ${sum('failed')} failed of ${sum('total')}`)
  }
  for (const [who, report] of Object.entries(await reports())) {
    console.log(`${who}: ${report?.failed} failed of ${report?.total}`)
    for (const error of report?.errors ?? []) console.log(`  ${error}`)
  }
} finally {
  outside?.stop()
  await machines.stop()
}
