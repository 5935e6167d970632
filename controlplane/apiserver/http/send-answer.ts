import { ApiError } from '../../../shared/api/api-error.ts'
import type { Clock } from '../../../shared/clock.ts'
import { encodeValue, entryPieces, listPieces } from '../output/body-pieces.ts'
import type { Rendering } from '../output/rendering.ts'
import { shapePart } from '../output/shape.ts'
import { watchEncoder, watchError } from '../output/watch-events.ts'
import type { Answer, Document } from './answer.ts'
import { type HttpRequest, type HttpResponse, headerOf } from './http-request.ts'
import { ResponseSink } from './response-sink.ts'
import { warningHeaders } from './warning-headers.ts'

/** One request and its response, as far as sending needs them. */
export interface Exchange {
  readonly request: HttpRequest
  readonly response: HttpResponse
  readonly clock: Clock
  readonly warnings: readonly string[]
}

/** Writes an answer that is about a kind. Rejects with ClientGone where the client does not take it. */
export async function sendAnswer(exchange: Exchange, answer: Answer, rendering: Rendering): Promise<void> {
  const { contentType } = rendering.representation
  switch (answer.type) {
    case 'entry':
      return sendPieces(exchange, answer.code, contentType, entryPieces(rendering, answer.entry))
    case 'list':
      return sendPieces(exchange, 200, contentType, listPieces(rendering, answer.list))
    case 'watch':
      return sendWatch(exchange, answer, rendering)
    case 'value':
      return sendValue(exchange, answer.code, answer.value, rendering)
    case 'part':
      return sendValue(exchange, 200, shapePart(rendering, answer.object, answer.columns), rendering)
    case 'document':
      return sendDocument(exchange, answer.document)
    case 'stream':
      return sendStream(exchange, answer)
  }
}

/** A value as it is, in JSON or YAML. */
export function sendValue(
  exchange: Exchange,
  code: number,
  value: object,
  rendering: Pick<Rendering, 'representation' | 'isPretty'>,
): Promise<void> {
  const contentType = `application/${rendering.representation.format}`
  return sendPieces(exchange, code, contentType, [encodeValue(rendering, value)])
}

export function sendStatus(exchange: Exchange, error: ApiError): Promise<void> {
  const seconds = error.details?.retryAfterSeconds
  if (seconds && !exchange.response.headersSent) exchange.response.setHeader('Retry-After', String(seconds))
  return sendPieces(exchange, error.code, 'application/json', [`${JSON.stringify(error.toStatus())}\n`])
}

/** Documents are known by their ETag: a client that has this one already gets 304. */
export async function sendDocument(exchange: Exchange, document: Document): Promise<void> {
  const { request, response } = exchange
  response.setHeader('Vary', 'Accept')
  if (document.etag !== undefined) response.setHeader('ETag', document.etag)
  if (document.isImmutable) response.setHeader('Cache-Control', 'public, immutable')
  const known = headerOf(request, 'if-none-match')
  if (document.etag !== undefined && known === document.etag) {
    begin(exchange, 304, document.contentType)
    response.end()
    return
  }
  await sendPieces(exchange, 200, document.contentType, [document.bytes])
}

async function sendPieces(
  exchange: Exchange,
  code: number,
  contentType: string,
  pieces: Iterable<Uint8Array | string>,
): Promise<void> {
  begin(exchange, code, contentType)
  const sink = new ResponseSink(exchange.response, exchange.clock)
  for (const piece of pieces) await sink.write(piece)
  exchange.response.end()
}

async function sendStream(exchange: Exchange, answer: Extract<Answer, { type: 'stream' }>): Promise<void> {
  begin(exchange, 200, answer.contentType)
  exchange.response.flushHeaders()
  await answer.write(new ResponseSink(exchange.response, exchange.clock))
  exchange.response.end()
}

async function sendWatch(
  exchange: Exchange,
  { events, end }: Extract<Answer, { type: 'watch' }>,
  rendering: Rendering,
): Promise<void> {
  begin(exchange, 200, 'application/json')
  exchange.response.flushHeaders()
  const sink = new ResponseSink(exchange.response, exchange.clock)
  const encode = watchEncoder(rendering, () => exchange.clock.now())
  try {
    for await (const event of events) await sink.write(encode(event))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    await sink.write(watchError(error))
  } finally {
    end()
  }
  exchange.response.end()
}

function begin({ request, response, warnings }: Exchange, code: number, contentType: string): void {
  // Node does not tell of a client that has gone while something of its request is unread.
  request.resume()
  response.statusCode = code
  response.setHeader('Content-Type', contentType)
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-cache, private')
  if (warnings.length > 0) response.setHeader('Warning', warningHeaders(warnings))
}
