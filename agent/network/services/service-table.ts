import type { Chain, TableChange } from '../nftables/table.ts'
import { TableChanges } from '../nftables/table-changes.ts'
import type { Frontend, Ipv4Endpoint } from './frontend.ts'
import { type FrontendContents, frontendContents } from './frontend-contents.ts'
import { numberedEndpoints } from './numbered-endpoints.ts'
import type { RulesRole } from './service-frontends.ts'

/** By key, those of one Service. */
export type Frontends = ReadonlyMap<string, Frontend>

interface Placed extends FrontendContents {
  readonly service: string
  readonly endpoints: readonly Ipv4Endpoint[]
}

const NONE: FrontendContents = { chains: [], elements: [] }

/**
 * What a table of a role holds beside its frame, and what must change in it when Services do: that costs as much as what
 * changes. Of two Services that want the same frontend the first has it, and when that lets go of it the other.
 */
export class ServiceTable {
  readonly #role: RulesRole
  readonly #wanted = new Map<string, Frontends>()
  readonly #placed = new Map<string, Placed>()
  readonly #chainUses = new Map<string, number>()

  constructor(role: RulesRole) {
    this.#role = role
  }

  /** Those that have frontends. */
  get services(): Iterable<string> {
    return this.#wanted.keys()
  }

  /** The Service's frontends from now on; none where it is gone. Adds to `changes` what that changes. */
  update(service: string, frontends: Frontends, changes: TableChanges): void {
    const before = this.#wanted.get(service) ?? new Map<string, Frontend>()
    if (frontends.size > 0) this.#wanted.set(service, frontends)
    else this.#wanted.delete(service)
    for (const key of before.keys()) {
      if (frontends.has(key) || this.#placed.get(key)?.service !== service) continue
      this.#place(key, undefined, changes)
      this.#handOn(key, changes)
    }
    for (const [key, frontend] of frontends) {
      const owner = this.#placed.get(key)?.service ?? service
      if (owner === service) this.#place(key, { service, frontend }, changes)
    }
  }

  /** Those that connections to a frontend are led to; undefined where there is no such frontend. */
  endpointsOf(key: string): readonly Ipv4Endpoint[] | undefined {
    return this.#placed.get(key)?.endpoints
  }

  /** Everything, as a change of an empty table. */
  complete(): TableChange {
    const changes = new TableChanges()
    for (const { chains, elements } of this.#placed.values()) {
      for (const chain of chains) changes.chain(chain.name, undefined, chain)
      for (const { set, key, value } of elements) changes.element(set, key, undefined, value)
    }
    return changes.result()
  }

  #handOn(key: string, changes: TableChanges): void {
    for (const [service, frontends] of this.#wanted) {
      const frontend = frontends.get(key)
      if (!frontend) continue
      this.#place(key, { service, frontend }, changes)
      return
    }
  }

  #place(key: string, now: { service: string; frontend: Frontend } | undefined, changes: TableChanges): void {
    const before = this.#placed.get(key)
    const verdict = now?.frontend.verdict
    const wanted = verdict?.type === 'balance' ? verdict.endpoints : []
    const endpoints = numberedEndpoints(before?.endpoints ?? [], wanted)
    const after = now ? frontendContents(now.frontend, endpoints, this.#role) : NONE
    if (now) this.#placed.set(key, { ...after, service: now.service, endpoints })
    else this.#placed.delete(key)
    this.#countChains(before ?? NONE, after, changes)
    for (const { set, key, value } of before?.elements ?? []) changes.element(set, key, value, undefined)
    const values = new Map(before?.elements.map(({ set, key, value }) => [`${set} ${key}`, value]))
    for (const { set, key, value } of after.elements) changes.element(set, key, values.get(`${set} ${key}`), value)
  }

  #countChains(before: FrontendContents, after: FrontendContents, changes: TableChanges): void {
    for (const chain of after.chains) this.#use(chain, 1, changes)
    for (const chain of before.chains) this.#use(chain, -1, changes)
  }

  #use(chain: Chain, more: 1 | -1, changes: TableChanges): void {
    const uses = this.#chainUses.get(chain.name) ?? 0
    this.#chainUses.set(chain.name, uses + more)
    if (uses === 0) changes.chain(chain.name, undefined, chain)
    if (uses + more > 0) return
    this.#chainUses.delete(chain.name)
    changes.chain(chain.name, chain, undefined)
  }
}
