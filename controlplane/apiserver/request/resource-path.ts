/** A path of the Kubernetes API, taken apart. */
export type ApiPath =
  | { readonly type: 'resource'; readonly target: ResourceTarget }
  | { readonly type: 'other'; readonly path: string }

export interface ResourceTarget {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespace?: string
  readonly name?: string
  /** Empty for the object itself. */
  readonly subresource: string
}

/**
 * `/api/v1/namespaces/default/pods/web/log` and the like; anything shorter (discovery) or not below `/api` and `/apis`
 * is `other`. Throws a URIError for broken percent encoding. Names are not checked: an odd one is simply not found.
 */
export function parseApiPath(pathname: string): ApiPath {
  const other: ApiPath = { type: 'other', path: pathname }
  const [, root, ...segments] = pathname.replace(/\/$/, '').split('/').map(decodeURIComponent)
  const group = root === 'apis' ? segments.shift() : ''
  const version = segments.shift()
  if ((root !== 'api' && root !== 'apis') || !group === (root === 'apis') || !version || segments.length === 0) {
    return other
  }
  const target = parseTarget(segments)
  return target ? { type: 'resource', target: { group: group ?? '', version, ...target } } : other
}

type Target = Omit<ResourceTarget, 'group' | 'version'>

/** What below `/namespaces/x` belongs to the Namespace itself rather than to kinds inside it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

function parseTarget(segments: readonly string[]): Target | undefined {
  if (segments.some((segment) => segment === '')) return undefined
  const [first = '', namespace = '', third = ''] = segments
  const isInside = first === 'namespaces' && segments.length > 2 && !NAMESPACE_SUBRESOURCES.has(third)
  const [plural = '', name, subresource = '', ...rest] = isInside ? segments.slice(2) : segments
  if (rest.length > 0) return undefined
  return { plural, subresource, ...(isInside ? { namespace } : {}), ...(name === undefined ? {} : { name }) }
}
