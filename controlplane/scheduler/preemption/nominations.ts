import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { PodInfo } from '../pod-info.ts'

interface Nomination {
  readonly pod: PodInfo
  readonly nodeName: string
}

/** Which waiting Pod is to have the room that others make for it, and where. `onEnd` hears of each that ends. */
export class Nominations {
  readonly #byPod = new Map<string, Nomination>()
  /** By node and UID: every filter asks for those of every node that it looks at. */
  readonly #byNode = new Map<string, Map<string, PodInfo>>()
  readonly #onEnd: (pod: PodInfo, nodeName: string) => void

  constructor(onEnd: (pod: PodInfo, nodeName: string) => void) {
    this.#onEnd = onEnd
  }

  get isEmpty(): boolean {
    return this.#byPod.size === 0
  }

  nodeNameOf(uid: string): string | undefined {
    return this.#byPod.get(uid)?.nodeName
  }

  on(nodeName: string): PodInfo[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? [])]
  }

  /** Those on a node that go before `pod`: its room is what they leave. */
  ahead({ uid, priority }: PodInfo, nodeName: string): PodInfo[] {
    return this.on(nodeName).filter((other) => other.uid !== uid && other.priority >= priority)
  }

  set(pod: PodInfo, nodeName: string): void {
    if (this.nodeNameOf(pod.uid) !== nodeName) this.delete(pod.uid)
    this.#byPod.set(pod.uid, { pod, nodeName })
    const there = this.#byNode.get(nodeName) ?? new Map<string, PodInfo>()
    this.#byNode.set(nodeName, there.set(pod.uid, pod))
  }

  delete(uid: string): void {
    const nomination = this.#byPod.get(uid)
    if (!nomination) return
    const { pod, nodeName } = nomination
    this.#byPod.delete(uid)
    const there = this.#byNode.get(nodeName)
    there?.delete(uid)
    if (there?.size === 0) this.#byNode.delete(nodeName)
    this.#onEnd(pod, nodeName)
  }

  /**
   * Takes what the API says of a waiting Pod. A version that says the same as the one before it, if any, is no news: what
   * was decided meanwhile is not written yet.
   */
  follow(before: Persisted<Pod> | undefined, pod: PodInfo): void {
    const said = pod.pod.status?.nominatedNodeName ?? ''
    const isNews = said !== (before?.status?.nominatedNodeName ?? '')
    const nodeName = isNews ? said : this.nodeNameOf(pod.uid)
    if (nodeName) this.set(pod, nodeName)
    else this.delete(pod.uid)
  }
}
