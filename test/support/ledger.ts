import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { ConfigMap } from '../../shared/api/kinds.ts'
import type { Machines } from './machines.ts'

const PREFIX = 'entry-'
const BETWEEN_WRITES_MS = 300

/** Somebody who writes all the time, whatever happens to the cluster, and remembers what was acknowledged. */
export class Ledger {
  readonly #machines: Machines
  readonly #acknowledged = new Set<string>()
  readonly #inDoubt = new Set<string>()
  readonly #over = new AbortController()
  #writing: Promise<void> | undefined

  constructor(machines: Machines) {
    this.#machines = machines
  }

  begin(): void {
    this.#writing = this.#write()
  }

  async end(): Promise<void> {
    this.#over.abort()
    await this.#writing
  }

  /** Throws where something that was acknowledged is missing, or something is there that was never written. */
  async check(): Promise<void> {
    const before = [...this.#acknowledged]
    assert.ok(before.length > 0, 'nothing was acknowledged yet')
    const { items } = await this.#machines.get<{ items: ConfigMap[] }>('configmaps')
    const names = items.map(({ metadata }) => metadata?.name ?? '')
    const found = new Set(names.filter((name) => name.startsWith(PREFIX)))
    const known = new Set([...this.#acknowledged, ...this.#inDoubt])
    assert.deepEqual({ lost: before.filter((name) => !found.has(name)) }, { lost: [] })
    assert.deepEqual({ invented: [...found].filter((name) => !known.has(name)) }, { invented: [] })
  }

  async #write(): Promise<void> {
    for (let number = 1; !this.#over.signal.aborted; number++) {
      const name = `${PREFIX}${number}`
      this.#inDoubt.add(name)
      try {
        await this.#machines.kubectl('create', 'configmap', name)
        this.#inDoubt.delete(name)
        this.#acknowledged.add(name)
      } catch {
        // It may be there or not.
      }
      await pause(BETWEEN_WRITES_MS)
    }
  }
}
