import {
  DEPLOYMENTS,
  type Deployment,
  ENDPOINT_SLICES,
  ENDPOINTS,
  PODS,
  type Pod,
  SECRETS,
  SERVICES,
} from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { SimCluster } from '../support/sim-cluster.ts'
import { isReady } from './pod-readiness.ts'

const KEY = { namespace: 'default', name: 'web' }

/** The Deployment that a simulated user keeps, and its Service. Surge and unavailability are 1. */
export class WebDeployment {
  readonly #cluster: SimCluster
  readonly #password: string

  /** Its containers get the password from a Secret. */
  constructor(cluster: SimCluster, password = 'not told') {
    this.#cluster = cluster
    this.#password = password
  }

  async create(replicas: number): Promise<void> {
    const labels = { app: 'web' }
    const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'web', key: 'password' } } }]
    const container = { name: 'main', image: 'web:1', env, resources: { requests: { cpu: '100m' } } }
    const deployment: Deployment = {
      metadata: KEY,
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 5, containers: [container] } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      },
    }
    await this.#cluster.user.create(SECRETS, { metadata: KEY, stringData: { password: this.#password } })
    await this.#cluster.user.create(SERVICES, { metadata: KEY, spec: { selector: labels, ports: [{ port: 80 }] } })
    await this.#cluster.user.create(DEPLOYMENTS, deployment)
  }

  async scale(replicas: number): Promise<void> {
    await this.#cluster.user.modify(DEPLOYMENTS, KEY, ({ spec }) => {
      spec.replicas = replicas
    })
  }

  async roll(image: string): Promise<void> {
    await this.#cluster.user.modify(DEPLOYMENTS, KEY, ({ spec }) => {
      for (const container of spec.template.spec?.containers ?? []) container.image = image
    })
  }

  async pods(): Promise<readonly Persisted<Pod>[]> {
    const { items } = await this.#cluster.user.list(PODS)
    return items
  }

  /** Deletes one of its Pods, as a user does. */
  async delete(podName: string): Promise<void> {
    await this.#cluster.user.delete(PODS, { namespace: KEY.namespace, name: podName })
  }

  /** What still keeps the cluster from being as asked; empty when it is. */
  async unsettled(): Promise<string[]> {
    const { spec, status = {}, metadata } = await this.#cluster.user.get(DEPLOYMENTS, KEY)
    const pods = await this.pods()
    const image = spec.template.spec?.containers[0]?.image
    const wanted = spec.replicas ?? 1
    const current = pods.filter((pod) => isReady(pod) && pod.spec.containers[0]?.image === image)
    const checks: [string, unknown, unknown][] = [
      ['observed generation', status.observedGeneration, metadata.generation],
      ['replicas', status.replicas ?? 0, wanted],
      ['updated replicas', status.updatedReplicas ?? 0, wanted],
      ['available replicas', status.availableReplicas ?? 0, wanted],
      ['ready Pods of the newest template', current.length, wanted],
      ['Pods', pods.length, wanted],
      ...(await this.offered()).map(([what, uids]): [string, unknown, unknown] => [
        what,
        uids.sort().join(' '),
        uidsOf(pods.filter(isReady).map(({ metadata }) => metadata.uid)),
      ]),
      ...this.#cluster.agents.map((agent): [string, unknown, unknown] => {
        const ready = uidsOf(pods.filter(isReady).map(({ metadata }) => metadata.uid))
        return [`where ${agent.name} sends`, uidsOf(agent.rules.targets(KEY.namespace)), ready]
      }),
      ...this.#cluster.agents.map((agent): [string, unknown, unknown] => {
        const assigned = pods.filter(({ spec }) => spec.nodeName === agent.name).map(({ metadata }) => metadata.uid)
        const { sandboxes, containers } = agent.runtime
        const held = [...sandboxes.values(), ...[...containers.values()].map(({ state }) => state)]
        return [`Pods held by ${agent.name}`, uidsOf(held.map(({ pod }) => pod.uid)), uidsOf(assigned)]
      }),
    ]
    return checks.filter(([, is, should]) => is !== should).map(([what, is, should]) => `${what}: ${is}, not ${should}`)
  }

  /** The Pods that the Service sends to, once for each time that it does. */
  async offered(): Promise<[string, string[]][]> {
    const { items: slices } = await this.#cluster.user.list(ENDPOINT_SLICES, { namespace: KEY.namespace })
    const { items: all } = await this.#cluster.user.list(ENDPOINTS, { namespace: KEY.namespace })
    const ready = slices.flatMap(({ endpoints = [] }) => endpoints.filter(({ conditions }) => conditions?.ready))
    const addresses = all.flatMap(({ subsets = [] }) => subsets.flatMap((subset) => subset.addresses ?? []))
    return [
      ['endpoints in slices', ready.flatMap(({ targetRef }) => targetRef?.uid ?? [])],
      ['addresses in Endpoints', addresses.flatMap(({ targetRef }) => targetRef?.uid ?? [])],
    ]
  }

  /** Lets time pass until all is as asked; throws where it is not in time. */
  async settle(limitMs: number): Promise<void> {
    const left = await this.settled(limitMs)
    if (left.length > 0) throw new Error(`not settled within ${limitMs} ms: ${left.join('; ')}`)
  }

  /** Lets time pass until all is as asked; resolves to what is not by then. `step` may look at each moment, and throw. */
  async settled(limitMs: number, step: () => Promise<void> = async () => undefined): Promise<string[]> {
    const { clock } = this.#cluster
    const endMs = clock.now() + limitMs
    let left = await this.unsettled()
    while (left.length > 0 && clock.now() < endMs) {
      await clock.advance(250)
      await step()
      left = await this.unsettled()
    }
    return left
  }
}

function uidsOf(uids: string[]): string {
  return [...new Set(uids)].sort().join(' ')
}
