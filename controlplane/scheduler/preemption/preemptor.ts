import { isApiError } from '../../../shared/api/api-error.ts'
import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Random } from '../../../shared/random.ts'
import type { Cluster } from '../cluster.ts'
import type { Refused } from '../decision.ts'
import type { FilterPlugin } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Candidate } from './candidate.ts'
import { type EvictorDeps, evict } from './evictor.ts'
import { PreemptionSearch } from './preemption-search.ts'

export interface PreemptorDeps extends EvictorDeps {
  readonly random: Random
  readonly log: Logger
}

/** What became of a refused Pod. */
export interface Outcome {
  readonly message: string
  /** All who would have to change their mind. */
  readonly refusedBy: ReadonlySet<FilterPlugin>
  /** Where it will have room; empty: nowhere. Absent: what was said before holds. */
  readonly nominatedNodeName?: string
}

/** Makes room for refused Pods: decides at once, and then sends away those of lower priority. */
export class Preemptor {
  readonly #deps: PreemptorDeps
  readonly #cluster: Cluster
  readonly #search: PreemptionSearch
  readonly #retry: (uid: string) => void
  readonly #running = new Set<Promise<void>>()

  /** `retry` is to try a waiting Pod again of which this changed its mind. */
  constructor(deps: PreemptorDeps, filters: readonly FilterPlugin[], cluster: Cluster, retry: (uid: string) => void) {
    this.#deps = deps
    this.#cluster = cluster
    this.#search = new PreemptionSearch(filters, cluster, deps.random)
    this.#retry = retry
  }

  makeRoom(pod: PodInfo, refused: Refused): Outcome {
    const { message, refusedBy } = refused
    if (this.#cluster.nodes.length === 0) return { message, refusedBy }
    const preemption = this.#search.search(pod, refused)
    if (preemption.type === 'found') {
      this.#preempt(pod, preemption.candidate)
      return { message, refusedBy, nominatedNodeName: preemption.candidate.node.name }
    }
    const whole = `${message} preemption: ${preemption.message}`
    if (preemption.type === 'ineligible') return { message: whole, refusedBy }
    this.#cluster.nominations.delete(pod.uid)
    return { message: whole, refusedBy: new Set([...refusedBy, ...preemption.refusedBy]), nominatedNodeName: '' }
  }

  /** Whoever was to have room on a node that is gone looks for it elsewhere. */
  nodeRemoved(nodeName: string): void {
    for (const { uid } of this.#cluster.nominations.on(nodeName)) {
      this.#cluster.nominations.delete(uid)
      this.#retry(uid)
    }
  }

  /** Resolves when all that was begun is through. */
  async stop(): Promise<void> {
    await Promise.all(this.#running)
  }

  #preempt(pod: PodInfo, { node, victims }: Candidate): void {
    const { nominations, evicted } = this.#cluster
    nominations.set(pod, node.name)
    for (const other of nominations.on(node.name)) if (other.priority < pod.priority) this.#displace(other, node.name)
    const staying = victims.filter(({ pod: { metadata } }) => !metadata.deletionTimestamp)
    for (const { uid } of staying) evicted.add(uid)
    for (const victim of staying) this.#run(pod.uid, () => this.#evict(victim, pod, node.name))
  }

  /** A nominated Pod of lower priority may find no room there any more. */
  #displace({ uid, pod }: PodInfo, nodeName: string): void {
    this.#cluster.nominations.delete(uid)
    this.#retry(uid)
    this.#run(uid, () => this.#clearNomination(pod, nodeName))
  }

  async #evict(victim: PodInfo, preemptor: PodInfo, nodeName: string): Promise<void> {
    try {
      await evict(victim, preemptor, nodeName, this.#deps)
    } catch (error) {
      this.#cluster.evicted.delete(victim.uid)
      throw error
    }
  }

  async #clearNomination({ metadata }: Persisted<Pod>, nodeName: string): Promise<void> {
    const change = (draft: Persisted<Pod>): false | void => {
      if (draft.metadata.uid !== metadata.uid || draft.status?.nominatedNodeName !== nodeName) return false
      delete draft.status.nominatedNodeName
    }
    try {
      await this.#deps.client.modify(PODS, metadata, change, { status: true })
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error
    }
  }

  /** Where the API fails, the Pod that it was for is tried again. */
  #run(uid: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        this.#deps.log.debug({ uid, err: error }, 'preemption not carried out')
        this.#retry(uid)
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }
}
