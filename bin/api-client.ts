import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { parse } from 'yaml'
import { ApiError, type Status } from '../shared/api/api-error.ts'
import { sha256Hex } from '../shared/pki/key-pair.ts'
import { CommandFailure } from './command-failure.ts'

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
}

/** Speaks to the API as the holder of a kubeconfig that Kubette wrote. */
export class ApiClient {
  readonly server: string
  /** SHA-256 of the CA certificate's DER in hex. */
  readonly caHash: string
  readonly #agent: Agent

  constructor(server: string, credentials: { ca: Buffer; cert: Buffer; key: Buffer }) {
    this.server = server
    this.caHash = sha256Hex(new X509Certificate(credentials.ca).raw)
    this.#agent = new Agent({ keepAlive: true, ...credentials })
  }

  /** Throws a CommandFailure where the file cannot be used. */
  static fromKubeconfig(path: string): ApiClient {
    try {
      const { clusters, users } = parse(readFileSync(path, 'utf8')) as Kubeconfig
      const cluster = clusters[0]!.cluster
      const user = users[0]!.user
      return new ApiClient(cluster.server, {
        ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
        cert: Buffer.from(user['client-certificate-data'], 'base64'),
        key: Buffer.from(user['client-key-data'], 'base64'),
      })
    } catch (error) {
      throw new CommandFailure(`cannot use the kubeconfig ${path}: ${(error as Error).message}`)
    }
  }

  /** Resolves to the answer's JSON. Throws the ApiError that the server answered with, or the connection's error. */
  call<T>(method: string, path: string, body?: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const json = body && JSON.stringify(body)
      // Node frames the body of a DELETE only where its length is said.
      const headers = json ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) } : {}
      const outgoing = request(new URL(path, this.server), { method, headers, agent: this.#agent, timeout: 10_000 })
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${this.server}`)))
      outgoing.on('error', reject)
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          try {
            const answer = JSON.parse(Buffer.concat(chunks).toString())
            if ((response.statusCode ?? 500) < 400) resolve(answer as T)
            else reject(ApiError.fromStatus(answer as Status))
          } catch (error) {
            reject(error)
          }
        })
      })
      outgoing.end(json)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
