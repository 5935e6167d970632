import type { NetworkSnapshot } from '../../agent/network/network-snapshot.ts'
import type { NetworkView } from '../../agent/network/network-state.ts'
import type { Clock } from '../../shared/clock.ts'
import { type Random, randomInt } from '../../shared/random.ts'

/** How long it takes to bring the rules of a machine up to date, at most. */
const MOST_MS = 300

/** The rules in a machine's kernel, by which its Pods reach Services: as an agent made them last, they outlive it. */
export class SimRules {
  #made: NetworkSnapshot | undefined

  /** Brings them up to date with what an agent knows, each time after a while, until the agent ends. */
  follow(view: NetworkView, clock: Clock, random: Random): () => void {
    const consumer = view.consumer('rules')
    let isOver = false
    const stop = view.subscribe((snapshot) => {
      clock.after(randomInt(random, MOST_MS), () => {
        if (isOver || snapshot.version < (view.snapshot()?.version ?? 0)) return
        this.#made = snapshot
        consumer.applied(snapshot.version)
      })
    })
    return () => {
      isOver = true
      stop()
    }
  }

  forget(): void {
    this.#made = undefined
  }

  /** UIDs of the Pods to which new connections go, those of one namespace. */
  targets(namespace: string): string[] {
    const slices = [...(this.#made?.services.values() ?? [])]
      .filter(({ metadata }) => metadata.namespace === namespace)
      .flatMap(({ metadata }) => this.#made?.slices.get(`${namespace}/${metadata.name}`) ?? [])
    const ready = slices.flatMap(({ endpoints = [] }) =>
      endpoints.filter(({ conditions }) => conditions?.ready !== false),
    )
    return ready.flatMap(({ targetRef }) => targetRef?.uid ?? [])
  }
}
