import type { ApiError } from '../../../shared/api/api-error.ts'
import { apiVersionOf } from '../../../shared/api/kinds.ts'
import type { EntryEvent } from '../../registry/registry.ts'
import type { Rendering } from './rendering.ts'
import { shapeEntry } from './shape.ts'
import { tableOf } from './table.ts'

const NEWLINE = Buffer.from('}\n')

/**
 * Turns a watch's events into lines of JSON. The object's own bytes are shared by all who watch it.
 * Only the first table of a stream says what its columns are, as kubectl expects.
 */
export function watchEncoder(rendering: Rendering, nowMs: () => number): (event: EntryEvent) => Uint8Array {
  let isFirst = true
  return (event) => {
    const current = { ...rendering, nowMs: nowMs() }
    const shaped = event.type === 'BOOKMARK' ? bookmark(current, event) : shapeEntry(current, event.entry)
    if (event.type !== 'BOOKMARK' && shaped === event.entry) return line(event.type, event.entry.json)
    const object = rendering.representation.as?.kind === 'Table' && !isFirst ? withoutColumns(shaped) : shaped
    isFirst = false
    return line(event.type, Buffer.from(JSON.stringify(object)))
  }
}

/** The last line of a watch that cannot go on. */
export function watchError(error: ApiError): Uint8Array {
  return line('ERROR', Buffer.from(JSON.stringify(error.toStatus())))
}

function line(type: string, json: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), json, NEWLINE])
}

function withoutColumns(table: object): object {
  return { ...table, columnDefinitions: [] }
}

type Bookmark = Extract<EntryEvent, { type: 'BOOKMARK' }>

function bookmark(rendering: Rendering, { revision, initialEventsEnd }: Bookmark): object {
  const metadata = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  }
  const { kind, representation } = rendering
  const { as } = representation
  if (!as) return { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata }
  if (as.kind === 'Table') return tableOf(rendering, as.version, [], metadata)
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${as.version}`, metadata }
}
