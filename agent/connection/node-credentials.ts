import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno, writeDurably } from '../../shared/durable-file.ts'
import { generateKeyPair, type KeyPair, keyPairFromPem, privateKeyPem, sha256Hex } from '../../shared/pki/key-pair.ts'
import type { JoinResponse } from '../../shared/protocol/join.ts'
import type { Random } from '../../shared/random.ts'

const KEY_FILE = 'node.key'
const IDENTITY_FILE = 'identity.json'

/** What a node dials with. */
export interface NodeCredentials {
  readonly nodeName: string
  readonly clusterId: string
  /** PEM of the one CA that is trusted. */
  readonly ca: string
  /** PEM */
  readonly certificate: string
  /** PEM */
  readonly key: string
}

/** An agent's key and certificate in its data directory. The key is made once and is what the node is known by. */
export class CredentialStore {
  readonly #directory: string
  readonly #random: Random

  constructor(directory: string, random: Random) {
    this.#directory = directory
    this.#random = random
  }

  /** Undefined where the node has not joined yet. Throws where the files are damaged. */
  async load(): Promise<NodeCredentials | undefined> {
    const [key, identity] = await Promise.all([this.#read(KEY_FILE), this.#read(IDENTITY_FILE)])
    if (key === undefined || identity === undefined) return undefined
    try {
      const { certificate, ca, clusterId, nodeName } = JSON.parse(identity) as JoinResponse
      if (!new X509Certificate(certificate).checkIssued(new X509Certificate(ca))) throw new Error('not of this CA')
      return { nodeName, clusterId, ca, certificate, key }
    } catch (error) {
      throw new Error(
        `${join(this.#directory, IDENTITY_FILE)} is damaged (${(error as Error).message}): remove it and join again`,
      )
    }
  }

  async save(answer: JoinResponse): Promise<NodeCredentials> {
    await writeDurably(join(this.#directory, IDENTITY_FILE), `${JSON.stringify(answer, undefined, 2)}\n`, this.#random)
    const saved = await this.load()
    if (!saved) throw new Error(`no key in ${this.#directory}`)
    return saved
  }

  /** The node's key, made durable before anybody hears of it: a join that is broken off is taken up with the same key. */
  async keys(): Promise<KeyPair> {
    const pem = await this.#read(KEY_FILE)
    if (pem !== undefined) return keyPairFromPem(pem)
    const keys = await generateKeyPair()
    await writeDurably(join(this.#directory, KEY_FILE), `${await privateKeyPem(keys)}\n`, this.#random)
    return keys
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#directory, name), 'utf8')
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined
      throw error
    }
  }
}

/** When a certificate holds, in milliseconds since 1970. */
export function validityOf(certificate: string): { from: number; to: number } {
  const { validFrom, validTo } = new X509Certificate(certificate)
  return { from: Date.parse(validFrom), to: Date.parse(validTo) }
}

/** SHA-256 of a PEM certificate's DER in hex, as in join tokens. */
export function certificateHash(pem: string): string {
  return sha256Hex(new X509Certificate(pem).raw)
}
