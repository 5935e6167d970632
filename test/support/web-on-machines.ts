import type { Node, Pod } from '../../shared/api/kinds.ts'
import type { Machines } from './machines.ts'
import { eventually } from './shell.ts'
import { loadTestImage, TEST_IMAGE } from './test-image.ts'

export const REPLICAS = 6

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: REPLICAS,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          { name: 'web', image: TEST_IMAGE, command: ['sh', '-c', 'trap "exit 0" TERM; httpd -f -p 8080 & wait'] },
        ],
      },
    },
  },
}

/** The Deployment `web` on machines of the lab, and what can be seen of it from outside. */
export class WebOnMachines {
  readonly #machines: Machines

  constructor(machines: Machines) {
    this.#machines = machines
  }

  /** Puts the image onto every machine. */
  async loadImage(): Promise<void> {
    const { hosts, lab } = this.#machines
    await Promise.all(hosts.map((host) => loadTestImage({ docker: { socketPath: lab.dockerSocket(host) } })))
  }

  async deploy(): Promise<void> {
    await this.#machines.apply(DEPLOYMENT)
    await this.rolledOut()
  }

  rolledOut(): Promise<string> {
    return this.#machines.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
  }

  async pods(): Promise<Pod[]> {
    return (await this.#machines.get<{ items: Pod[] }>('pods', '-l', 'app=web')).items
  }

  async alive(): Promise<Pod[]> {
    return (await this.pods()).filter((pod) => !pod.metadata.deletionTimestamp)
  }

  async nodeReady(host: string): Promise<string | undefined> {
    const { status } = await this.#machines.get<Node>('node', host)
    return status?.conditions?.find(({ type }) => type === 'Ready')?.status
  }

  nodeIsReady(host: string): Promise<boolean> {
    return eventually(`${host} is Ready`, async () => (await this.nodeReady(host)) === 'True')
  }

  /** Waits until there are exactly as many Pods as asked for, all ready, and no container without a Pod or too few. */
  settles(limitMs = 60_000): Promise<boolean> {
    return eventually('exactly the wanted Pods run', () => this.#isSettled(), limitMs)
  }

  /** Waits until all replicas are ready on these hosts alone. */
  runsOn(hosts: readonly string[], limitMs: number): Promise<boolean> {
    const isThere = (pod: Pod) => isReady(pod) && hosts.includes(pod.spec.nodeName ?? '')
    const enough = async () => (await this.alive()).filter(isThere).length === REPLICAS
    return eventually(`all replicas run on ${hosts.join(', ')}`, enough, limitMs, 100)
  }

  async #isSettled(): Promise<boolean> {
    const all = await this.pods()
    if (all.length !== REPLICAS || !all.every(isReady)) return false
    const others = (await this.#machines.get<{ items: Pod[] }>('pods', '-l', 'app!=web')).items
    const running = [...all, ...others].filter(({ status }) => status?.phase === 'Running')
    const perHost = this.#machines.hosts.map((host) => this.#holdsExactly(host, running))
    return (await Promise.all(perHost)).every(Boolean)
  }

  /** A sandbox and one container for each Pod that is bound there, and nothing else. */
  async #holdsExactly(host: string, running: readonly Pod[]): Promise<boolean> {
    if (!this.#machines.isOn(host)) return true
    const found = (await this.#machines.containers(host)).map(({ pod }) => pod).sort()
    const bound = running.filter(({ spec }) => spec.nodeName === host)
    const wanted = bound.flatMap(({ metadata }) => [metadata.name, metadata.name]).sort()
    return JSON.stringify(found) === JSON.stringify(wanted)
  }
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
