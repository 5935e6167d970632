import type { Client } from '../../controlplane/client/client.ts'
import type { PodSpec, PodStatus } from '../../shared/api/generated/core-v1.ts'
import { PODS } from '../../shared/api/kinds.ts'

export interface BoundPodOptions {
  labels?: Record<string, string>
  nodeName?: string
  ip?: string
  ready?: boolean
  spec?: Partial<PodSpec>
}

/** Pods on nodes, whose state a test sets as an agent would tell it. All of the namespace `default`. */
export class BoundPods {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  /** Ready on `n1`, unless told. */
  async add(name: string, options: BoundPodOptions = {}): Promise<void> {
    const { labels = { app: 'web' }, nodeName = 'n1', ip, ready = true, spec } = options
    const pod = await this.#client.create(PODS, {
      metadata: { ...keyOfPod(name), labels },
      spec: { containers: [{ name: 'main', image: 'i' }], ...spec },
    })
    await this.#client.bind(pod, nodeName)
    if (ip) await this.run(name, ip, ready)
  }

  run(name: string, ip: string, ready: boolean) {
    const address = { podIP: ip, podIPs: [{ ip }], hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.1' }] }
    return this.setStatus(name, { phase: 'Running', ...address, conditions: [readyCondition(ready)] })
  }

  setReady(name: string, ready: boolean) {
    return this.setStatus(name, { conditions: [readyCondition(ready)] })
  }

  /** The parts that are given replace those that are there. */
  setStatus(name: string, status: PodStatus) {
    return this.#client.modify(
      PODS,
      keyOfPod(name),
      (draft) => {
        draft.status = { ...draft.status, ...status }
      },
      { status: true },
    )
  }

  /** It terminates until it is removed. */
  terminate(name: string) {
    return this.#client.delete(PODS, keyOfPod(name))
  }

  remove(name: string) {
    return this.#client.delete(PODS, keyOfPod(name), { gracePeriodSeconds: 0 })
  }
}

function keyOfPod(name: string) {
  return { namespace: 'default', name }
}

function readyCondition(ready: boolean) {
  return { type: 'Ready', status: ready ? 'True' : 'False' }
}
