import type { Kind } from '../../../shared/api/kinds.ts'
import type { Query } from '../request/query.ts'
import { negotiate, type Representation } from './representation.ts'

/** How one request's answer is to look. */
export interface Rendering {
  readonly kind: Kind
  readonly representation: Representation
  /** What a table's rows carry besides their cells. */
  readonly includeObject: IncludeObject
  readonly isPretty: boolean
  readonly nowMs: number
}

export type IncludeObject = 'None' | 'Metadata' | 'Object'

const VERSIONS = ['v1', 'v1beta1']
const SHAPES = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']
const TRANSFORMS = SHAPES.flatMap((shape) => VERSIONS.map((version) => `${shape}.meta.k8s.io/${version}`))

/** @throws ApiError 406 where nothing in the Accept header can be served, 400 for odd parameters */
export function readRendering(kind: Kind, accept: string | undefined, query: Query, nowMs: number): Rendering {
  return {
    kind,
    representation: negotiate(accept, TRANSFORMS),
    includeObject: query.choice('includeObject', ['None', 'Metadata', 'Object']) ?? 'Metadata',
    isPretty: query.flag('pretty'),
    nowMs,
  }
}
