import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { PodIdentity } from '../runtime/pod-identity.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { WakeLoop } from '../wake-loop.ts'

export interface OrphanSearchOptions {
  runtime: Pick<Runtime, 'list'>
  clock: Clock
  log: Logger
  isKnown(podUid: string): boolean
  /** Something of a Pod that is not known; it should be known from then on. */
  found(pod: PodIdentity): void
}

/** Looks for what the runtime has of Pods that are not known here: one look at a time, again until it could. */
export class OrphanSearch {
  readonly #options: OrphanSearchOptions
  readonly #loop: WakeLoop
  /** The UIDs that are to be looked for; undefined is for those of all Pods. */
  #sought = new Set<string | undefined>()

  constructor(options: OrphanSearchOptions) {
    this.#options = options
    const onFault = (err: unknown) => options.log.warn({ err }, 'could not look for what earlier Pods left')
    this.#loop = new WakeLoop({ clock: options.clock, pass: () => this.#pass(), onFault })
  }

  /** For something of this Pod, or of any. */
  look(podUid?: string): void {
    this.#sought.add(podUid)
    this.#loop.wake()
  }

  stop(): void {
    this.#loop.stop()
  }

  async #pass(): Promise<number> {
    const sought = this.#sought
    this.#sought = new Set()
    try {
      await this.#lookFor(sought.size === 1 ? [...sought][0] : undefined)
    } catch (error) {
      for (const podUid of sought) this.#sought.add(podUid)
      throw error
    }
    return Number.POSITIVE_INFINITY
  }

  async #lookFor(podUid: string | undefined): Promise<void> {
    const { runtime, log, isKnown, found } = this.#options
    const { sandboxes, containers, volumes } = await runtime.list(podUid)
    if (this.#loop.isStopped) return
    for (const { pod } of [...sandboxes, ...containers, ...volumes]) {
      if (isKnown(pod.uid)) continue
      log.info({ pod: `${pod.namespace}/${pod.name}`, uid: pod.uid }, 'removing a Pod that is not assigned')
      found(pod)
    }
  }
}
