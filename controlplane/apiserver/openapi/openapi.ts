import { createHash } from 'node:crypto'
import { apiVersionOf, KINDS } from '../../../shared/api/kinds.ts'
import type { Document } from '../http/answer.ts'
import { parseAccept } from '../http/media-type.ts'
import { METRICS_KINDS } from '../metrics/metrics-kinds.ts'
import { documentV2 } from './document-v2.ts'
import { documentV3 } from './document-v3.ts'
import { encodeV2 } from './encode-v2.ts'

/** The descriptions of the API that kubectl validates and explains with. Each is made when first asked for. */
export interface OpenApi {
  /** Undefined where there is no document at the path. */
  find(path: string, accept: string | undefined): Document | undefined
}

const PROTOBUF_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

export function createOpenApi(version: string): OpenApi {
  const all = [...KINDS, ...METRICS_KINDS]
  const documents = new Map<string, Lazy<Document>>([
    ['/openapi/v2', lazy(() => json(documentV2(all, version)))],
    [`/openapi/v2 ${PROTOBUF_V2}`, lazy(() => document(PROTOBUF_V2, encodeV2(documentV2(all, version))))],
  ])
  const groups = [...new Set(all.map(apiVersionOf))].map((apiVersion) => {
    const path = `${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`
    const kinds = all.filter((kind) => apiVersionOf(kind) === apiVersion)
    const made = lazy(() => json(documentV3(kinds, version)))
    documents.set(`/openapi/v3/${path}`, made)
    return { path, made }
  })
  documents.set(
    '/openapi/v3',
    lazy(() => json({ paths: Object.fromEntries(groups.map(indexEntry)) })),
  )
  return {
    find: (path, accept) => documents.get(variant(path, accept))?.(),
  }
}

/** Clients ask for the protobuf form with an `@` in its name, but take it only without: HTTP does not allow it. */
function variant(path: string, accept: string | undefined): string {
  if (path !== '/openapi/v2') return path
  const wanted = parseAccept(accept ?? '').map(({ type }) => type.replace('v2@v1', 'v2.v1'))
  const isProtobuf = wanted.find((type) => type === PROTOBUF_V2 || type === 'application/json') === PROTOBUF_V2
  return isProtobuf ? `${path} ${PROTOBUF_V2}` : path
}

/** The hash in the address changes with the document, so clients may keep it for ever. */
function indexEntry({ path, made }: { path: string; made: Lazy<Document> }): [string, object] {
  const hash = made().etag?.replaceAll('"', '')
  return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]
}

type Lazy<T> = () => T

function lazy<T>(make: () => T): Lazy<T> {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function json(value: object): Document {
  return document('application/json', Buffer.from(JSON.stringify(value)))
}

function document(contentType: string, bytes: Uint8Array): Document {
  const hash = createHash('sha512').update(bytes).digest('hex').toUpperCase()
  return { contentType, bytes, etag: `"${hash}"` }
}
