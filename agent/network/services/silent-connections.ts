import { forgetFlow, listFlows, readFlow, type TrackedFlow } from '../conntrack/tracked-flows.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'
import type { OwnConnections } from './own-connections.ts'
import type { RoleRules, RulesStep } from './role-rules.ts'

/** Whose endpoint says nothing for so long, though it should, is taken to be gone. */
const SILENT_SECONDS = 3
/** What was opened just before has its first answer by then, mostly; and few SYNs were repeated yet. */
const FIRST_LOOK_MS = 250
/** Where it is known when a SYN is repeated it may be answered until so shortly before. */
const BEFORE_REPETITION_MS = 250
const SHORTEST_PAUSE_MS = 2_000
/** Connections that there are still are looked at less and less often. */
const LONGEST_PAUSE_MS = 8_000
/** The pause is such a part of the time since the last change: endpoints end soon after it. */
const PAUSE_PART = 1 / 4

/**
 * The connections of one namespace to endpoints that its Services have no more. Those on which the endpoint answers go on, as
 * they must. Of one that fell silent, as all do with a machine that lost its power, the kernel is made to forget where it goes:
 * what the client sends again reaches another endpoint, which takes a new connection, and resets one that it does not know.
 * Without that a client would wait for a quarter of an hour, and one that uses its port again would be led to the dead. A SYN that no endpoint had answered yet, since it was lost, say, is repeated to another endpoint.
 */
export class SilentConnections {
  readonly #rules: Pick<RoleRules, 'isStale'>
  /** Frontends that lost an endpoint since the last look. */
  #reduced: RulesStep['reduced'] = new Set()
  /** There were connections to endpoints that are gone. */
  #isFollowing = false
  #changedAtMs = 0
  #listedAtMs = Number.NEGATIVE_INFINITY
  #lookAtMs = Number.POSITIVE_INFINITY

  constructor(rules: Pick<RoleRules, 'isStale'>) {
    this.#rules = rules
  }

  /** These frontends have lost an endpoint: call at the time when the kernel has it. */
  watch(nowMs: number, reduced: RulesStep['reduced']): void {
    this.#reduced = this.#reduced === 'any' || reduced === 'any' ? 'any' : new Set([...this.#reduced, ...reduced])
    this.#changedAtMs = nowMs
    this.#lookAtMs = Math.min(this.#lookAtMs, nowMs + FIRST_LOOK_MS)
  }

  /** How long until it is time to look; Infinity: there is nothing to look for. */
  dueInMs(nowMs: number): number {
    return Math.max(0, this.#lookAtMs - nowMs)
  }

  /** `connected`: the frontends to which there are connections at all, where that is known; it costs little to ask. */
  async look(
    client: Pick<NetlinkClient, 'dump' | 'request'>,
    nowMs: number,
    connected?: () => Promise<OwnConnections | undefined>,
  ): Promise<void> {
    const known = await connected?.()
    const isAmong = (frontend: string) => this.#reduced === 'any' || this.#reduced.has(frontend)
    this.#isFollowing ||= known === undefined || [...known.all].some(isAmong)
    const opening = [...(known?.opening ?? [])].filter(([frontend]) => isAmong(frontend))
    const repeatedInMs = known ? Math.min(...opening.map(([, ms]) => ms)) : 0
    const isRepeatedSoon = repeatedInMs <= BEFORE_REPETITION_MS
    const listAtMs = known ? this.#listedAtMs + SHORTEST_PAUSE_MS : nowMs
    if (isRepeatedSoon || repeatedInMs === Number.POSITIVE_INFINITY) this.#reduced = new Set()
    if (isRepeatedSoon || (this.#isFollowing && nowMs >= listAtMs)) await this.#follow(client, nowMs, isRepeatedSoon)
    else this.#lookAtMs = this.#isFollowing ? listAtMs : Number.POSITIVE_INFINITY
    if (!isRepeatedSoon) this.#lookAtMs = Math.min(this.#lookAtMs, nowMs + repeatedInMs - BEFORE_REPETITION_MS)
  }

  async #follow(
    client: Pick<NetlinkClient, 'dump' | 'request'>,
    nowMs: number,
    withUnanswered: boolean,
  ): Promise<void> {
    this.#listedAtMs = nowMs
    const flows = await listFlows(client, 'TCP')
    const stale = flows.filter((flow) => this.#rules.isStale(flow, 'any'))
    const open = stale.filter(({ isOver }) => !isOver)
    this.#isFollowing = open.length > 0
    if (open.some(({ silentSeconds }) => silentSeconds > 0)) this.#changedAtMs = nowMs
    this.#lookAtMs = this.#isFollowing ? nowMs + pauseMs(nowMs - this.#changedAtMs) : Number.POSITIVE_INFINITY
    const lost = stale.filter((flow) => isLost(flow) && (withUnanswered || !flow.isUnanswered))
    for (const flow of lost) await this.#forget(client, flow)
  }

  /** To list all took a while: what an endpoint has answered since must not be led to another. */
  async #forget(client: Pick<NetlinkClient, 'request'>, flow: TrackedFlow): Promise<void> {
    const now = await readFlow(client, flow, 'TCP')
    if (now && isLost(now)) await forgetFlow(client, now)
  }
}

function isLost({ isUnanswered, silentSeconds }: TrackedFlow): boolean {
  return isUnanswered || silentSeconds >= SILENT_SECONDS
}

function pauseMs(sinceChangeMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, sinceChangeMs * PAUSE_PART))
}
