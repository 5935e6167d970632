import type { APIGroup, APIResource as ApiResource } from '../../../shared/api/generated/meta-v1.ts'
import type { ApiVerb } from '../handler.ts'
import type { DiscoveredResource, GroupVersion } from './resources.ts'

type APIResource = Omit<ApiResource, 'verbs'> & { verbs: readonly ApiVerb[] }

/** `/api`: the versions of the core group. */
export function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

/** `/apis`: all groups but the core one. */
export function apiGroupList(groups: readonly GroupVersion[]): object {
  const named = groups.filter(({ group }) => group !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupOf) }
}

/** `/apis/<group>`. */
export function apiGroup(group: GroupVersion): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) }
}

/** `/api/v1` and `/apis/<group>/<version>`. */
export function apiResourceList({ group, version, resources }: GroupVersion): object {
  const groupVersion = group ? `${group}/${version}` : version
  const list = resources.flatMap((resource) => resourcesOf(resource, groupVersion))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: list }
}

function groupOf({ group, version }: GroupVersion): APIGroup {
  const preferredVersion = { groupVersion: `${group}/${version}`, version }
  return { name: group, versions: [preferredVersion], preferredVersion }
}

function resourcesOf(resource: DiscoveredResource, groupVersion: string): APIResource[] {
  const { plural, singular, namespaced, response, verbs, shortNames, categories } = resource
  const main: APIResource = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: response.kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
    ...(categories.length > 0 ? { categories: [...categories] } : {}),
  }
  const parts = resource.subresources.map(({ name, response, verbs }): APIResource => {
    const { group, version, kind } = response
    const isForeign = (group ? `${group}/${version}` : version) !== groupVersion
    return {
      name: `${plural}/${name}`,
      singularName: '',
      namespaced,
      ...(isForeign ? { group, version } : {}),
      kind,
      verbs,
    }
  })
  return [main, ...parts]
}
