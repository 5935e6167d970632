import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { dialError } from './dial-error.ts'
import type { HandlerAddress } from './handler-target.ts'

/** How a call of `grpc.health.v1.Health/Check` ended. */
export interface GrpcHealth {
  /** gRPC's status code: 0 where the server answered. */
  code: number
  /** What the server says to a code that is not 0. */
  message: string
  /** `HealthCheckResponse.ServingStatus`, where there is an answer. */
  status: string
}

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const MAX_ANSWER_BYTES = 10 * 1024
const INTERNAL = 13
const UNAVAILABLE = 14

/** A message goes as a frame: one byte for compression, four for the length. */
const FRAME_HEADER_BYTES = 5
const STRING_FIELD_1 = 0x0a
const VARINT_FIELD_1 = 0x08

/**
 * Asks a server for the health of a service: one call over HTTP/2 in clear text. Rejects where no connection comes
 * about; `onConnect` is called when there is one.
 */
export async function grpcHealth(
  address: HandlerAddress,
  service: string,
  userAgent: string,
  signal: AbortSignal,
  onConnect: () => void,
): Promise<GrpcHealth> {
  // Only now: it costs a process more than a megabyte, and few nodes have such a probe.
  const { connect } = await import('node:http2')
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const session = connect(`http://${address.text}`)
    let isConnected = false
    session.once('connect', () => {
      isConnected = true
      onConnect()
    })
    session.on('error', (error) => reject(new Error(dialError(address.text, error))))
    signal.addEventListener('abort', () => session.destroy(), { once: true })
    // Before there is a connection the session says better what is wrong.
    check(session, service, userAgent).then(resolve, (error) => {
      if (isConnected) resolve({ code: UNAVAILABLE, message: String(error.message), status: '' })
    })
  })
}

async function check(session: ClientHttp2Session, service: string, userAgent: string): Promise<GrpcHealth> {
  const call = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    'user-agent': userAgent,
    te: 'trailers',
  })
  let headers: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  call.once('response', (received) => {
    headers = received
  })
  call.once('trailers', (received) => {
    trailers = received
  })
  call.end(requestFrame(service))
  const answer = await readAll(call)
  // Without a message the status comes with the headers.
  return outcome(headers[':status'], 'grpc-status' in trailers ? trailers : headers, answer)
}

async function readAll(call: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of call) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function outcome(httpStatus: unknown, status: IncomingHttpHeaders, answer: Buffer): GrpcHealth {
  const code = status['grpc-status']
  if (httpStatus === undefined) return { code: UNAVAILABLE, message: 'the call was cut off', status: '' }
  if (typeof code !== 'string') {
    return { code: INTERNAL, message: `unexpected HTTP status code received from server: ${httpStatus}`, status: '' }
  }
  const message = decodeURIComponent(String(status['grpc-message'] ?? ''))
  return { code: Number(code), message, status: servingStatus(answer) }
}

function requestFrame(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([STRING_FIELD_1]), varint(name.length), name])
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUInt32BE(message.length, 1)
  return Buffer.concat([header, message])
}

/** The only field of the answer is a small number; protobuf leaves out a zero. */
function servingStatus(answer: Buffer): string {
  const message = answer.subarray(FRAME_HEADER_BYTES)
  const number = message[0] === VARINT_FIELD_1 ? (message[1] ?? 0) : 0
  return STATUSES[number] ?? String(number)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest >>>= 7) bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
  return Buffer.from(bytes)
}
