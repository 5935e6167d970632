import { type ChildProcess, spawn } from 'node:child_process'
import type { Pod, Service } from '../../shared/api/kinds.ts'
import { CLIENT_SCRIPT, type LoadReport, readReports, SERVER_SCRIPT } from './http-load.ts'
import type { Machines } from './machines.ts'
import { loadNodeImage, NODE_IMAGE } from './node-image.ts'
import { eventually } from './shell.ts'

const NODE_PORT = 30_080
const labels = { app: 'web' }

export interface WebUnderLoadOptions {
  replicas: number
  /** The machines on which a Pod sends requests. */
  clientsOn: readonly string[]
  /** When a client gives a request up. */
  timeoutMs?: number
}

/**
 * The Deployment `web`, of a server that ends at once on TERM, and clients that send requests all the time: Pods, through
 * the Service, and one outside of all machines, through the node ports of all of them.
 */
export class WebUnderLoad {
  readonly #machines: Machines
  readonly #options: WebUnderLoadOptions
  #outside: OutsideClient | undefined

  constructor(machines: Machines, options: WebUnderLoadOptions) {
    this.#machines = machines
    this.#options = options
  }

  async start(): Promise<void> {
    const { hosts, lab } = this.#machines
    await Promise.all(hosts.map((host) => loadNodeImage({ socketPath: lab.dockerSocket(host) })))
    for (const host of hosts) {
      await eventually(`${host} is Ready`, () =>
        this.#machines.kubectl('wait', '--for=condition=Ready', `node/${host}`),
      )
    }
    await this.#machines.apply(service)
    await this.#machines.apply(deployment(this.#options.replicas))
    await this.hasAvailable(this.#options.replicas)
    await this.#startClients()
  }

  stop(): void {
    this.#outside?.stop()
  }

  /** Of each client all reports so far, by its name. */
  async reports(): Promise<Map<string, LoadReport[]>> {
    const inside = this.#options.clientsOn.map(async (host) => {
      return [`Pod on ${host}`, readReports(await this.#machines.kubectl('logs', `client-${host}`))] as const
    })
    const outside = ['outside, through node ports', readReports(this.#outside?.output ?? '')] as const
    return new Map([...(await Promise.all(inside)), outside])
  }

  async pods(): Promise<Pod[]> {
    return (await this.#machines.get<{ items: Pod[] }>('pods', '-l', 'app=web')).items
  }

  async scale(replicas: number): Promise<void> {
    await this.#machines.kubectl('scale', 'deployment/web', `--replicas=${replicas}`)
    await this.#machines.kubectl('wait', 'deployment/web', `--for=jsonpath={.status.replicas}=${replicas}`, TIMEOUT)
  }

  async hasAvailable(replicas: number): Promise<void> {
    const available = `--for=jsonpath={.status.availableReplicas}=${replicas}`
    await this.#machines.kubectl('wait', 'deployment/web', available, TIMEOUT)
  }

  /** Waits until no Pod is on its way to its end. */
  async hasEnded(): Promise<void> {
    const ending = (await this.pods()).filter(({ metadata }) => metadata.deletionTimestamp)
    const names = ending.map(({ metadata }) => `pod/${metadata.name}`)
    if (names.length > 0) await this.#machines.kubectl('wait', '--for=delete', ...names, TIMEOUT)
  }

  async #startClients(): Promise<void> {
    const { clientsOn, timeoutMs = 10_000 } = this.#options
    const { spec } = await this.#machines.get<Service>('service', 'web')
    // By the address of the Service: its name is not what is tried here.
    for (const host of clientsOn) {
      await this.#machines.apply(clientPod(host, environment([`http://${spec.clusterIP}/`], timeoutMs)))
    }
    await this.#machines.kubectl('wait', '--for=condition=Ready', 'pod', '-l', 'app=client', TIMEOUT)
    const urls = this.#machines.hosts.map((host) => `http://${this.#machines.lab.address(host)}:${NODE_PORT}/`)
    this.#outside = new OutsideClient(this.#machines, environment(urls, timeoutMs))
  }
}

const TIMEOUT = '--timeout=120s'

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }] },
}

function deployment(replicas: number) {
  const readinessProbe = { httpGet: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 }
  const container = { name: 'web', image: NODE_IMAGE, args: [SERVER_SCRIPT], readinessProbe }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  }
}

function clientPod(nodeName: string, env: Record<string, string>): Pod {
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }))
  const container = { name: 'client', image: NODE_IMAGE, args: [CLIENT_SCRIPT], env: variables }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `client-${nodeName}`, labels: { app: 'client' } },
    spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [container] },
  }
}

function environment(urls: readonly string[], timeoutMs: number): Record<string, string> {
  return { LOAD_URL: urls.join(' '), LOAD_TIMEOUT_MS: String(timeoutMs) }
}

/** On the lab's switch: no machine of the cluster, and none of its networks. */
class OutsideClient {
  readonly #process: ChildProcess
  /** Whole lines. */
  output = ''

  constructor(machines: Machines, env: Record<string, string>) {
    const [program, args] = machines.lab.onSwitch(process.execPath, '-e', CLIENT_SCRIPT)
    this.#process = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.output += chunk
    })
  }

  stop(): void {
    this.#process.kill()
  }
}
