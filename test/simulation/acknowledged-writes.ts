import type { Stored } from '../../controlplane/store/store.ts'
import type { SimCluster } from '../support/sim-cluster.ts'
import type { Violations } from './violations.ts'

/** The store holds what was acknowledged, and nothing else. */
export class AcknowledgedWrites {
  readonly #cluster: SimCluster
  readonly #violations: Violations
  /** By key, as the history has it up to `#read`. */
  readonly #newest = new Map<string, { revision: number; value: Uint8Array }>()
  #read = 0

  constructor(cluster: SimCluster, violations: Violations) {
    this.#cluster = cluster
    this.#violations = violations
  }

  async check(): Promise<void> {
    this.#readOn()
    const { items } = await this.#cluster.disk.list('')
    const missing = new Set(this.#newest.keys())
    for (const stored of items) {
      missing.delete(stored.key)
      if (!this.#isAcknowledged(stored)) this.#violated(`${stored.key} has revision ${stored.revision}`)
    }
    for (const key of missing) this.#violated(`${key} is missing`)
  }

  #readOn(): void {
    const { history } = this.#cluster.store
    for (const { key, value, revision } of history.slice(this.#read)) {
      if (value) this.#newest.set(key, { revision, value })
      else this.#newest.delete(key)
    }
    this.#read = history.length
  }

  #isAcknowledged({ key, revision, value }: Stored): boolean {
    const newest = this.#newest.get(key)
    if (newest?.revision !== revision) return false
    return newest.value === value || Buffer.compare(newest.value, value) === 0
  }

  #violated(what: string): void {
    const { history } = this.#cluster.store
    this.#violations.add('what is acknowledged is kept', `${what} after revision ${history.at(-1)?.revision}`)
  }
}
