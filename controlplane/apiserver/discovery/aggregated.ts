import type { DiscoveredResource, GroupVersion } from './resources.ts'

/** Everything in one document (`APIGroupDiscoveryList`), in `v2` or `v2beta1`, which look the same. */
export function groupDiscoveryList(version: string, groups: readonly GroupVersion[]): object {
  const items = groups.map((group) => ({
    metadata: { ...(group.group ? { name: group.group } : {}), creationTimestamp: null },
    versions: [{ version: group.version, resources: group.resources.map(resourceOf), freshness: 'Current' }],
  }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items }
}

function resourceOf(resource: DiscoveredResource): object {
  const { plural, singular, namespaced, response, verbs, shortNames, categories, subresources } = resource
  return {
    resource: plural,
    responseKind: response,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0
      ? {
          subresources: subresources.map(({ name, response, verbs }) => ({
            subresource: name,
            responseKind: response,
            verbs,
          })),
        }
      : {}),
  }
}
