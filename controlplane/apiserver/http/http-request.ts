import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

/** The two protocols' requests, as far as they are alike. */
export type HttpRequest = IncomingMessage | Http2ServerRequest
/** Both have `flushHeaders`; the types of the second do not know it. */
export type HttpResponse = ServerResponse | (Http2ServerResponse & { flushHeaders(): void })

/** The first value of a header. */
export function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
