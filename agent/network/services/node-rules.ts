import { isDeepStrictEqual } from 'node:util'
import type { ObjectKey } from '../../../shared/api/object.ts'
import type { NetworkChange, NetworkSnapshot } from '../network-snapshot.ts'
import { machineMates } from './machine-mates.ts'
import { RoleRules } from './role-rules.ts'
import { type FrontendFacts, serviceFrontends } from './service-frontends.ts'
import type { Frontends } from './service-table.ts'

/** Whose rules a namespace has. */
export type Coverage =
  | { readonly role: 'pod' | 'gateway' }
  /** Published ports of this Service lead to the namespace's address. */
  | { readonly role: 'nodePort'; readonly service: ObjectKey; readonly address: string }

interface Compiled {
  readonly coverage: Coverage
  readonly rules: RoleRules
  readonly facts: FrontendFacts
}

/** The rules of each role on this node, as the newest snapshot has them; only of Services that changed they are compiled anew. */
export class NodeRules {
  readonly #nodeName: string
  readonly #compiled = new Map<string, Compiled>()
  #snapshot: NetworkSnapshot | undefined

  constructor(nodeName: string) {
    this.#nodeName = nodeName
  }

  /** Undefined before the first snapshot. */
  of(coverage: Coverage): RoleRules | undefined {
    if (!this.#snapshot) return undefined
    const known = this.#compiled.get(keyOf(coverage))
    return known ? known.rules : this.#compile(coverage, this.#snapshot)
  }

  /** Of a coverage that no namespace has any more. */
  forget(coverage: Coverage): void {
    this.#compiled.delete(keyOf(coverage))
  }

  update(snapshot: NetworkSnapshot, { services }: NetworkChange): void {
    this.#snapshot = snapshot
    for (const { coverage, rules, facts } of [...this.#compiled.values()]) {
      if (isDeepStrictEqual(facts, this.#facts(coverage, snapshot))) {
        rules.update(snapshot.version, frontendsOf(services, coverage, facts, snapshot))
      } else this.#compile(coverage, snapshot, rules)
    }
  }

  /** All Services; those of `before` that are gone too. */
  #compile(coverage: Coverage, snapshot: NetworkSnapshot, before?: RoleRules): RoleRules {
    const facts = this.#facts(coverage, snapshot)
    const rules = before ?? new RoleRules(coverage.role, snapshot.cluster)
    const services = new Set([...snapshot.services.keys(), ...rules.services])
    rules.update(snapshot.version, frontendsOf(services, coverage, facts, snapshot))
    this.#compiled.set(keyOf(coverage), { coverage, rules, facts })
    return rules
  }

  #facts(coverage: Coverage, { nodes }: NetworkSnapshot): FrontendFacts {
    const own = nodes.get(this.#nodeName)
    const zone = own?.zone === undefined ? {} : { zone: own.zone }
    const { role } = coverage
    if (role !== 'nodePort') {
      return { role, nodeNames: [this.#nodeName], ownAddresses: own?.internalIPs ?? [], ...zone }
    }
    return { role, nodeNames: machineMates(this.#nodeName, nodes), ownAddresses: [coverage.address], ...zone }
  }
}

function frontendsOf(
  keys: Iterable<ObjectKey>,
  coverage: Coverage,
  facts: FrontendFacts,
  { services, slices }: NetworkSnapshot,
): Map<ObjectKey, Frontends> {
  const found = new Map<ObjectKey, Frontends>()
  for (const key of keys) {
    if (coverage.role === 'nodePort' && coverage.service !== key) continue
    const service = services.get(key)
    found.set(key, service ? serviceFrontends(service, slices.get(key) ?? [], facts) : new Map())
  }
  return found
}

function keyOf(coverage: Coverage): string {
  return coverage.role === 'nodePort' ? `${coverage.service} ${coverage.address}` : coverage.role
}
