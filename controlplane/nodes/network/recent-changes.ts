/** So much is kept for those who are a little behind; who is further behind gets all anew. */
const MOST_BYTES = 1024 * 1024

interface RecentChange {
  readonly version: number
  readonly messages: readonly string[]
  readonly bytes: number
}

/** The encoded changes of the newest versions: as many as take little memory. */
export class RecentChanges {
  #changes: RecentChange[] = []
  #bytes = 0

  /** One after the other, without a gap. */
  add(version: number, messages: readonly string[]): void {
    const bytes = messages.reduce((sum, message) => sum + message.length, 0)
    this.#changes.push({ version, messages, bytes })
    this.#bytes += bytes
    while (this.#bytes > MOST_BYTES && this.#changes.length > 1) this.#bytes -= this.#changes.shift()?.bytes ?? 0
  }

  /** Undefined where not all changes after `version` are here any more. */
  after(version: number): readonly string[] | undefined {
    const first = this.#changes[0]
    if (!first || first.version > version + 1) return undefined
    return this.#changes.filter((change) => change.version > version).flatMap(({ messages }) => messages)
  }
}
