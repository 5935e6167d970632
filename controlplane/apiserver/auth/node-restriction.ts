import { isDeepStrictEqual } from 'node:util'
import { KEY_FINGERPRINT_ANNOTATION } from '../../../shared/pki/node-identity.ts'
import { isReservedNodeLabel } from '../../../shared/reserved-node-labels.ts'

type Json = Readonly<Record<string, unknown>>

/** What a node would do to its own Node object that only the cluster may do; undefined where it may write it so. */
export function forbiddenNodeChange(current: Json, next: Json): string | undefined {
  if (!isDeepStrictEqual(field(current, 'spec', 'taints') ?? [], field(next, 'spec', 'taints') ?? [])) {
    return 'modify taints'
  }
  for (const range of ['podCIDR', 'podCIDRs']) {
    if (!isDeepStrictEqual(field(current, 'spec', range), field(next, 'spec', range))) return `modify ${range}`
  }
  const labels = changedKeys(field(current, 'metadata', 'labels'), field(next, 'metadata', 'labels'))
  const reserved = labels.filter(isReservedNodeLabel).sort()
  if (reserved.length > 0) return `modify labels: ${reserved.join(', ')}`
  const annotations = changedKeys(field(current, 'metadata', 'annotations'), field(next, 'metadata', 'annotations'))
  if (annotations.includes(KEY_FINGERPRINT_ANNOTATION)) return `modify the annotation ${KEY_FINGERPRINT_ANNOTATION}`
  const owners = [current, next].map((node) => field(node, 'metadata', 'ownerReferences') ?? [])
  return isDeepStrictEqual(owners[0], owners[1]) ? undefined : 'modify ownerReferences'
}

function changedKeys(before: unknown, after: unknown): string[] {
  const [a, b] = [asObject(before), asObject(after)]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].filter((key) => !Object.hasOwn(a, key) || !Object.hasOwn(b, key) || a[key] !== b[key])
}

function field(object: Json, part: string, name: string): unknown {
  return asObject(object[part])[name]
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
