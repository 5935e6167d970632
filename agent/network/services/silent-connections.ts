import { forgetFlow, listFlows } from '../conntrack/tracked-flows.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'
import type { RoleRules } from './role-rules.ts'

/** Whose endpoint says nothing for so long, though it should, is taken to be gone. */
const SILENT_SECONDS = 3
const FIRST_LOOK_MS = 2_000
/**
 * While nothing happens on connections that there are, they are looked at less and less often, but often enough to see
 * one that was reset before the kernel forgets it.
 */
const LONGEST_PAUSE_MS = 8_000

/**
 * The connections of one namespace to endpoints that its Services have no more. Those on which the endpoint answers go on, as
 * they must. Of one that fell silent, as all do with a machine that lost its power, the kernel is made to forget where it goes:
 * what the client sends again reaches another endpoint, which takes a new connection, and resets one that it does not know.
 * Without that a client would wait for a quarter of an hour, and one that uses its port again would be led to the dead, as it
 * would be after a reset.
 */
export class SilentConnections {
  readonly #rules: Pick<RoleRules, 'isStale'>
  #lookAtMs = Number.POSITIVE_INFINITY
  #pauseMs = FIRST_LOOK_MS

  constructor(rules: Pick<RoleRules, 'isStale'>) {
    this.#rules = rules
  }

  /** Endpoints have changed: call at the time when the kernel has it. */
  watch(nowMs: number): void {
    this.#pauseMs = FIRST_LOOK_MS
    this.#lookAtMs = Math.min(this.#lookAtMs, nowMs + FIRST_LOOK_MS)
  }

  /** How long until it is time to look; Infinity: there is nothing to look for. */
  dueInMs(nowMs: number): number {
    return Math.max(0, this.#lookAtMs - nowMs)
  }

  async look(client: Pick<NetlinkClient, 'dump' | 'request'>, nowMs: number): Promise<void> {
    this.#lookAtMs = nowMs + this.#pauseMs
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
    const flows = await listFlows(client, 'TCP')
    const stale = flows.filter((flow) => this.#rules.isStale(flow, 'any'))
    const open = stale.filter(({ isOver }) => !isOver)
    if (open.length === 0) this.#lookAtMs = Number.POSITIVE_INFINITY
    if (open.some(({ silentSeconds }) => silentSeconds > 0)) this.watch(nowMs)
    for (const flow of stale) if (flow.isReset || flow.silentSeconds >= SILENT_SECONDS) await forgetFlow(client, flow)
  }
}
