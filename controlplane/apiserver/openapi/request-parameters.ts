/** The OpenAPI type of each query parameter. */
const TYPES: Readonly<Record<string, 'string' | 'integer' | 'boolean'>> = {
  allowWatchBookmarks: 'boolean',
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  limit: 'integer',
  orphanDependents: 'boolean',
  sendInitialEvents: 'boolean',
  timeoutSeconds: 'integer',
  watch: 'boolean',
}

export function queryParameterType(name: string): 'string' | 'integer' | 'boolean' {
  return TYPES[name] ?? 'string'
}

export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]
