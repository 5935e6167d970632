import { isUsable } from '../../bin/cluster-view.ts'
import type { Deployment, Node, Pod } from '../../shared/api/kinds.ts'
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

  /** Ready, and taken for a place for Pods: it has a network, and none of the taints that say otherwise. */
  nodeIsReady(host: string): Promise<boolean> {
    return eventually(`${host} is Ready`, async () => isUsable(await this.#machines.get<Node>('node', host)))
  }

  /** Waits until there are exactly as many Pods as asked for, all ready, and no container without a Pod or too few. */
  settles(limitMs = 60_000): Promise<boolean> {
    return eventually('exactly the wanted Pods run', () => this.#isSettled([]), limitMs)
  }

  /** The same while nobody can reach these hosts: what was theirs only waits for its end to be heard of. */
  settlesWithout(...lost: string[]): Promise<boolean> {
    return eventually('exactly the wanted Pods run elsewhere', () => this.#isSettled(lost), 30_000)
  }

  /** Waits until a rollout is neither at its beginning nor at its end. */
  isRolling(): Promise<boolean> {
    return eventually('some Pods are new and some old', async () => {
      const { status } = await this.#machines.get<Deployment>('deployment', 'web')
      const updated = status?.updatedReplicas ?? 0
      return updated > 0 && updated < REPLICAS
    })
  }

  /** Waits until all replicas are ready on these hosts alone. */
  runsOn(hosts: readonly string[], limitMs: number): Promise<boolean> {
    const isThere = (pod: Pod) => isReady(pod) && hosts.includes(pod.spec.nodeName ?? '')
    const enough = async () => (await this.alive()).filter(isThere).length === REPLICAS
    return eventually(`all replicas run on ${hosts.join(', ')}`, enough, limitMs, 100)
  }

  async #isSettled(lost: readonly string[]): Promise<boolean> {
    const { items } = await this.#machines.get<{ items: Pod[] }>('pods')
    const isReachable = ({ spec }: Pod) => !lost.includes(spec.nodeName ?? '')
    const wanted = items.filter(isReachable).filter(({ metadata }) => metadata.labels?.app === 'web')
    const leftBehind = items.filter((pod) => !isReachable(pod) && !pod.metadata.deletionTimestamp)
    if (wanted.length !== REPLICAS || !wanted.every(isReady)) return false
    if (leftBehind.some(({ metadata }) => metadata.labels?.app === 'web')) return false
    const hosts = this.#machines.hosts.filter((host) => !lost.includes(host) && this.#machines.isOn(host))
    return (await Promise.all(hosts.map((host) => this.#holdsExactly(host, items)))).every(Boolean)
  }

  /** A sandbox and one container run for each Pod that runs there, and whatever has ended belongs to a Pod that exists. */
  async #holdsExactly(host: string, pods: readonly Pod[]): Promise<boolean> {
    const namesOf = (some: readonly { pod: string }[]) => some.map(({ pod }) => pod).sort()
    const bound = pods.filter(({ spec }) => spec.nodeName === host)
    const running = bound.filter(({ status }) => status?.phase === 'Running')
    const wanted = running.flatMap(({ metadata }) => [metadata.name, metadata.name]).sort()
    const all = namesOf(await this.#machines.containers(host, '--all'))
    const isExact = JSON.stringify(namesOf(await this.#machines.containers(host))) === JSON.stringify(wanted)
    return isExact && all.every((name) => bound.some(({ metadata }) => metadata.name === name))
  }
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
