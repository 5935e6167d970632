import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { Entry, EntryEvent, EntryList } from '../../registry/registry.ts'
import type { TableColumn } from '../../registry/strategy.ts'

/** What a handler answers, before it is put into the form that the client wants. */
export type Answer =
  | { readonly type: 'entry'; readonly code: number; readonly entry: Entry }
  | { readonly type: 'list'; readonly list: EntryList }
  | { readonly type: 'watch'; readonly events: AsyncIterable<EntryEvent>; readonly end: () => void }
  /** A value of no kind that the registry knows: a Status, an Eviction, a discovery document. */
  | { readonly type: 'value'; readonly code: number; readonly value: object }
  /** One of a kind that only a subresource has, with what tables show of it. */
  | { readonly type: 'part'; readonly object: Persisted<KubeObject>; readonly columns: readonly TableColumn[] }
  /** A document made before, in its final form. */
  | { readonly type: 'document'; readonly document: Document }
  | { readonly type: 'stream'; readonly contentType: string; readonly write: (sink: Sink) => Promise<void> }

export interface Document {
  readonly contentType: string
  readonly bytes: Uint8Array
  /** Quoted, as in HTTP. */
  readonly etag?: string
  /** The document never changes under its address. */
  readonly isImmutable?: boolean
}

/** Where a body goes. */
export interface Sink {
  /** Resolves when there is room for more; rejects when the client has gone or does not read. */
  write(bytes: Uint8Array | string): Promise<void>
}

export function value(code: number, of: object): Answer {
  return { type: 'value', code, value: of }
}

export function text(of: string): Answer {
  return { type: 'document', document: { contentType: 'text/plain; charset=utf-8', bytes: Buffer.from(of) } }
}
