import { request } from 'node:https'
import { ApiError, type Status } from '../../shared/api/api-error.ts'
import type { Clock } from '../../shared/clock.ts'
import { type JoinRequest, type JoinResponse, MAX_JOIN_BODY_BYTES } from '../../shared/protocol/join.ts'

const REQUEST_TIMEOUT_MS = 15_000

export interface ControlPlaneRequest {
  serverUrl: string
  path: string
  /** PEM of the one CA that is trusted. */
  ca: string
  client?: { certificate: string; key: string }
  bearer?: string
  body: JoinRequest
}

/**
 * What TLS to the control plane rests on: a server certificate of the pinned CA. Under which address it was dialled
 * does not matter, since that CA gives such certificates to nobody else; so the control plane may move.
 */
export function pinnedTls(ca: string, client?: { certificate: string; key: string }) {
  return {
    ca,
    checkServerIdentity: () => undefined,
    ...(client ? { cert: client.certificate, key: client.key } : {}),
  }
}

/** Rejects with the ApiError that the control plane answers with, or with the connection's error. */
export function askControlPlane(options: ControlPlaneRequest, clock: Clock): Promise<JoinResponse> {
  const { serverUrl, path, ca, client, bearer, body } = options
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) }
    const outgoing = request(new URL(path, serverUrl), {
      method: 'POST',
      agent: false,
      headers,
      ...pinnedTls(ca, client),
    })
    const timer = clock.after(REQUEST_TIMEOUT_MS, () => outgoing.destroy(new Error(`no answer from ${serverUrl}`)))
    outgoing.once('close', () => timer.cancel())
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > MAX_JOIN_BODY_BYTES) outgoing.destroy(new Error(`${serverUrl} answers with too much`))
      })
      response.once('error', reject)
      response.once('end', () => {
        const answer = read(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      })
    })
    outgoing.end(JSON.stringify(body))
  })
}

function read(code: number, text: string): JoinResponse | Error {
  const answer = parse(text)
  if (code !== 200 && code !== 201) {
    const isStatus = (answer as Status | undefined)?.status === 'Failure'
    return isStatus ? ApiError.fromStatus(answer as Status) : new Error(`the control plane answered ${code}`)
  }
  const fields = ['certificate', 'ca', 'clusterId', 'nodeName'] as const
  const found = answer as Partial<Record<(typeof fields)[number], unknown>> | undefined
  if (fields.some((field) => typeof found?.[field] !== 'string'))
    return new Error('the control plane answered nonsense')
  return answer as JoinResponse
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}
