import type { TrackedFlow } from '../conntrack/tracked-flows.ts'
import type { NetlinkRequest } from '../netlink/netlink-client.ts'
import { encodeChange, encodeTable } from '../nftables/encode-change.ts'
import { isEmptyChange, type TableChange, type TableFrame } from '../nftables/table.ts'
import { TableChanges } from '../nftables/table-changes.ts'
import type { ClusterRanges } from '../pod-network.ts'
import { serviceFrame } from './service-frame.ts'
import type { RulesRole } from './service-frontends.ts'
import { ENDPOINTS } from './service-sets.ts'
import { type Frontends, ServiceTable } from './service-table.ts'

/** A transaction, and the version that a namespace is at with it. */
export interface RulesStep {
  readonly version: number
  readonly messages: readonly NetlinkRequest[]
  /** Frontends, `address:port/PROTOCOL`, whose endpoints became others; `any` where that is not known. */
  readonly changed: ReadonlySet<string> | 'any'
  /** Those of them that lost an endpoint, likewise. */
  readonly reduced: ReadonlySet<string> | 'any'
}

interface Change extends RulesStep {
  readonly changed: ReadonlySet<string>
  readonly reduced: ReadonlySet<string>
}

/** Whoever is further behind is given the whole table. */
const MOST_STEPS = 64

/** The rules for all namespaces of one role: compiled and encoded once, for however many there are. */
export class RoleRules {
  readonly role: RulesRole
  readonly #frame: TableFrame
  readonly #table: ServiceTable
  #version = 0
  /** The version that the first of the steps is applied to. */
  #firstVersion = 0
  readonly #steps: Change[] = []
  #complete: RulesStep | undefined

  constructor(role: RulesRole, ranges: ClusterRanges) {
    this.role = role
    this.#frame = serviceFrame(role, ranges)
    this.#table = new ServiceTable(role)
  }

  /** Those that have frontends. */
  get services(): Iterable<string> {
    return this.#table.services
  }

  /** Versions rise. `services`: the frontends of those that are others with this version. */
  update(version: number, services: ReadonlyMap<string, Frontends>): void {
    const changes = new TableChanges()
    for (const [service, frontends] of services) this.#table.update(service, frontends, changes)
    this.#version = version
    const change = changes.result()
    if (isEmptyChange(change)) return
    this.#complete = undefined
    const messages = encodeChange(this.#frame, change)
    this.#steps.push({ version, messages, changed: changedFrontends(change), reduced: reducedFrontends(change) })
    if (this.#steps.length > MOST_STEPS) this.#firstVersion = this.#steps.shift()?.version ?? 0
  }

  /**
   * What a namespace is to be given that has the rules of `held`, or unknown ones, so that it has the newest; nothing where it
   * has. One that is behind gets all that it lacks at once: it would never catch up one by one.
   */
  stepFrom(held: number | undefined): RulesStep | undefined {
    if (held !== undefined && held >= this.#firstVersion)
      return joined(this.#steps.filter(({ version }) => version > held))
    this.#complete ??= {
      version: this.#version,
      messages: encodeTable(this.#frame, this.#table.complete()),
      changed: 'any',
      reduced: 'any',
    }
    return this.#complete
  }

  /** The newest version that the rules of `held` are good for. */
  reached(held: number): number {
    // Most have the newest, and are asked often.
    if (held >= (this.#steps.at(-1)?.version ?? 0)) return this.#version
    const next = this.#steps.find(({ version }) => version > held)
    return next ? next.version - 1 : this.#version
  }

  /** Of a flow to one of `changed`: whether it goes where none of the frontend's endpoints is any more. */
  isStale({ frontend, responder }: TrackedFlow, changed: RulesStep['changed']): boolean {
    const endpoints = this.#table.endpointsOf(frontend)
    if (changed === 'any' ? endpoints === undefined : !changed.has(frontend)) return false
    return !endpoints?.includes(responder)
  }
}

/** Several steps in one transaction. */
function joined(steps: readonly Change[]): RulesStep | undefined {
  const last = steps.at(-1)
  if (!last || steps.length === 1) return last
  return {
    version: last.version,
    messages: steps.flatMap(({ messages }) => messages),
    changed: new Set(steps.flatMap(({ changed }) => [...changed])),
    reduced: new Set(steps.flatMap(({ reduced }) => [...reduced])),
  }
}

function changedFrontends({ addedElements, deletedElements }: TableChange): Set<string> {
  const added = [...addedElements.values()].flatMap((elements) => [...elements.keys()])
  return frontendsOf([...added, ...[...deletedElements.values()].flat()])
}

function reducedFrontends({ deletedElements }: TableChange): Set<string> {
  return frontendsOf(deletedElements.get(ENDPOINTS.name) ?? [])
}

/** Elements begin with the frontend that they belong to. */
function frontendsOf(keys: readonly string[]): Set<string> {
  return new Set(
    keys.map((key) => {
      const [address, protocol = '', port] = key.split(' . ')
      return `${address}:${port}/${protocol.toUpperCase()}`
    }),
  )
}
