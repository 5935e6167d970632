import type { NetlinkClient, NetlinkRequest } from '../netlink/netlink-client.ts'
import { rulesetGeneration } from './ruleset-generation.ts'
import { NFTABLES_SUBSYSTEM } from './table-message.ts'

/**
 * A table that is written again and again, in case somebody has changed it. What is the same, in a namespace in which nobody
 * has changed anything since, need not even be encoded.
 */
export class WrittenTable {
  #text: string | undefined
  /** Of the namespace, just after it was written; undefined where others may have written at the same time. */
  #generation: number | undefined

  /** Makes the kernel's table as `messages` have it; `text` is the same for the same ones. Rejects as NetlinkClient does. */
  async write(
    client: Pick<NetlinkClient, 'request' | 'batch'>,
    text: string,
    messages: () => readonly NetlinkRequest[],
  ): Promise<void> {
    const before = await rulesetGeneration(client)
    if (before !== undefined && text === this.#text && before === this.#generation) return
    this.#text = undefined
    await client.batch(NFTABLES_SUBSYSTEM, messages())
    this.#text = text
    const after = await rulesetGeneration(client)
    this.#generation = before !== undefined && after === before + 1 ? after : undefined
  }
}
