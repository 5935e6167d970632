import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Credentials } from './auth/identity.ts'
import { type HttpRequest, headerOf } from './http/http-request.ts'

/** The client certificates of connections, so that a busy connection's is not taken apart for every request. */
const certificates = new WeakMap<object, Uint8Array | undefined>()

/** What the request brings to prove who makes it. */
export function credentialsOf(request: HttpRequest): Credentials {
  const certificate = certificateOf(request)
  const authorization = headerOf(request, 'authorization')
  return { ...(certificate ? { certificate } : {}), ...(authorization ? { authorization } : {}) }
}

function certificateOf(request: HttpRequest): Uint8Array | undefined {
  const session = 'stream' in request ? request.stream?.session : undefined
  const connection: object | undefined = session ?? request.socket
  const socket: Duplex | undefined = session?.socket ?? request.socket
  if (!connection || !isTls(socket)) return undefined
  if (!certificates.has(connection)) certificates.set(connection, verifiedCertificate(socket))
  return certificates.get(connection)
}

function verifiedCertificate(socket: TLSSocket): Uint8Array | undefined {
  return socket.authorized ? socket.getPeerCertificate().raw : undefined
}

/** An HTTP/2 session's socket is a proxy that knows the socket's properties only when they are read. */
function isTls(socket: Duplex | undefined): socket is TLSSocket {
  return typeof (socket as TLSSocket | undefined)?.getPeerCertificate === 'function'
}
