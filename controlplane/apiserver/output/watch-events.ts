import type { ApiError } from '../../../shared/api/api-error.ts'
import { apiVersionOf } from '../../../shared/api/kinds.ts'
import type { EntryEvent } from '../../registry/registry.ts'
import type { Rendering } from './rendering.ts'
import { shapeEntry } from './shape.ts'
import { tableOf } from './table.ts'

const NEWLINE = Buffer.from('}\n')

/** By the object's JSON, which is one for all, and the type of the event. */
const lines = new WeakMap<Uint8Array, Map<string, Uint8Array>>()

/**
 * Turns a watch's events into lines of JSON. One that holds the object as it is stored is shared by all who watch it.
 * Only the first table of a stream says what its columns are, as kubectl expects.
 */
export function watchEncoder(rendering: Rendering, nowMs: () => number): (event: EntryEvent) => Uint8Array {
  let isFirst = true
  return (event) => {
    const current = { ...rendering, nowMs: nowMs() }
    const shaped = event.type === 'BOOKMARK' ? bookmark(current, event) : shapeEntry(current, event.entry)
    if (event.type !== 'BOOKMARK' && shaped === event.entry) return sharedLine(event.type, event.entry.json)
    const object = rendering.representation.as?.kind === 'Table' && !isFirst ? withoutColumns(shaped) : shaped
    isFirst = false
    return line(event.type, Buffer.from(JSON.stringify(object)))
  }
}

/** The last line of a watch that cannot go on. */
export function watchError(error: ApiError): Uint8Array {
  return line('ERROR', Buffer.from(JSON.stringify(error.toStatus())))
}

function sharedLine(type: string, json: Uint8Array): Uint8Array {
  const known = lines.get(json) ?? new Map<string, Uint8Array>()
  lines.set(json, known)
  const shared = known.get(type) ?? line(type, json)
  known.set(type, shared)
  return shared
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
