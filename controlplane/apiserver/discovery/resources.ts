import { apiVersionOf, KINDS, type Kind } from '../../../shared/api/kinds.ts'
import { ABSENT_KINDS } from '../absent/absent-kinds.ts'
import type { ApiVerb } from '../handler.ts'
import { METRICS_KINDS } from '../metrics/metrics-kinds.ts'
import { METRICS_VERBS } from '../metrics/metrics-route.ts'
import { BINDING } from '../subresources/binding.ts'
import { subresourcesOf } from '../subresources/index.ts'
import { resourceVerbs } from '../verbs/index.ts'

/** A resource of the API with its subresources, as discovery shows it. */
export interface DiscoveredResource {
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  readonly response: GroupVersionKind
  readonly verbs: readonly ApiVerb[]
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly subresources: readonly { name: string; response: GroupVersionKind; verbs: readonly ApiVerb[] }[]
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** One version of a group; every group has only one. */
export interface GroupVersion {
  readonly group: string
  readonly version: string
  readonly resources: readonly DiscoveredResource[]
}

/** The core group first, then the others, each with its resources in alphabetical order. */
export function discoverGroups(): GroupVersion[] {
  const names = [...new Set(DISCOVERED.map(({ response }) => apiVersionOf(response)))]
  names.sort((a, b) => Number(a.includes('/')) - Number(b.includes('/')))
  return names.map((name) => {
    const resources = DISCOVERED.filter(({ response }) => apiVersionOf(response) === name)
    resources.sort((a, b) => (a.plural < b.plural ? -1 : 1))
    const { group = '', version = '' } = resources[0]?.response ?? {}
    return { group, version, resources }
  })
}

/** Only ever posted to: the older address for binding a Pod. */
const BINDINGS: DiscoveredResource = {
  plural: 'bindings',
  singular: 'binding',
  namespaced: true,
  response: BINDING,
  verbs: ['create'],
  shortNames: [],
  categories: [],
  subresources: [],
}

/** Kinds that are not there have no verbs: clients know them, come to ask, and are told why they are refused. */
const DISCOVERED: readonly DiscoveredResource[] = [
  ...KINDS.map(discover),
  BINDINGS,
  ...METRICS_KINDS.map((kind) => describe(kind, METRICS_VERBS)),
  ...ABSENT_KINDS.map((kind) => describe(kind, [])),
]

function discover(kind: Kind): DiscoveredResource {
  const response = gvkOf(kind)
  const subresources = subresourcesOf(kind).map(({ name, representation, handlers }) => {
    return { name, response: representation ?? response, verbs: sorted(Object.keys(handlers) as ApiVerb[]) }
  })
  return { ...describe(kind, sorted(resourceVerbs(kind))), subresources }
}

function describe(kind: Kind, verbs: readonly ApiVerb[]): DiscoveredResource {
  const { plural, singular, namespaced, shortNames, categories } = kind
  return { plural, singular, namespaced, response: gvkOf(kind), verbs, shortNames, categories, subresources: [] }
}

export function gvkOf({ group, version, kind }: Kind): GroupVersionKind {
  return { group, version, kind }
}

function sorted(verbs: readonly ApiVerb[]): ApiVerb[] {
  return [...verbs].sort()
}
