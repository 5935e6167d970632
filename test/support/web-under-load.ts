import { type ChildProcess, spawn } from 'node:child_process'
import type { Pod, Service } from '../../shared/api/kinds.ts'
import { CLIENT_SCRIPT, type LoadReport, readReports, SERVER_SCRIPT } from './http-load.ts'
import type { Machines } from './machines.ts'
import { loadNodeImage, NODE_IMAGE } from './node-image.ts'
import { eventually } from './shell.ts'

const NODE_PORT = 30_080
const labels = { app: 'web' }

export interface ClientOptions {
  /** The machines on which a Pod sends requests, and through whose ports others do; all unless told. */
  on?: readonly string[]
  /** When a client gives a request up. */
  timeoutMs?: number
}

/**
 * The Deployment `web`, of a server that ends at once on TERM, and clients that send requests all the time: Pods, through
 * the Service, and one outside of all machines, through node ports.
 */
export class WebUnderLoad {
  readonly #machines: Machines
  #outside: OutsideClient | undefined
  #clientsOn: readonly string[] = []

  constructor(machines: Machines) {
    this.#machines = machines
  }

  /** Resolves when all Pods serve. There are no clients yet. */
  async start(replicas: number): Promise<void> {
    const { hosts, lab } = this.#machines
    await Promise.all(hosts.map((host) => loadNodeImage({ socketPath: lab.dockerSocket(host) })))
    for (const host of hosts) {
      await eventually(`${host} is Ready`, () =>
        this.#machines.kubectl('wait', '--for=condition=Ready', `node/${host}`),
      )
    }
    await this.#machines.apply(service)
    await this.#machines.apply(deployment(replicas))
    await this.hasAvailable(replicas)
  }

  stop(): void {
    this.#outside?.stop()
  }

  /** Those that there are end, and their reports are forgotten. */
  async startClients({ on = this.#machines.hosts, timeoutMs = 10_000 }: ClientOptions = {}): Promise<void> {
    this.#outside?.stop()
    this.#clientsOn = on
    await this.#machines.kubectl('delete', 'pod', '-l', 'app=client')
    const { spec } = await this.#machines.get<Service>('service', 'web')
    // By the address of the Service: its name is not what is tried here.
    for (const host of on) {
      await this.#machines.apply(clientPod(host, environment([`http://${spec.clusterIP}/`], timeoutMs)))
    }
    await this.#machines.kubectl('wait', '--for=condition=Ready', 'pod', '-l', 'app=client', TIMEOUT)
    const urls = on.map((host) => `http://${this.#machines.lab.address(host)}:${NODE_PORT}/`)
    this.#outside = new OutsideClient(this.#machines, environment(urls, timeoutMs))
  }

  /** A rolling update, to its very end. */
  async roll(version: string): Promise<void> {
    await this.#machines.kubectl('set', 'env', 'deployment/web', `VERSION=${version}`)
    await this.#machines.kubectl('rollout', 'status', 'deployment/web', TIMEOUT)
    await this.hasEnded()
  }

  /** Of each client all reports so far, by its name. */
  async reports(): Promise<Map<string, LoadReport[]>> {
    const inside = this.#clientsOn.map(async (host) => {
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
