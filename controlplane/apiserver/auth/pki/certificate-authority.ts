import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../../../shared/clock.ts'
import { createDirectoryDurably, isErrno } from '../../../../shared/durable-file.ts'
import {
  generateKeyPair,
  type KeyPair,
  keyPairFromPem,
  privateKeyPem,
  SIGNING_ALGORITHM,
  sha256Hex,
} from '../../../../shared/pki/key-pair.ts'
import {
  BasicConstraintsExtension,
  type Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKey,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '../../../../shared/pki/x509.ts'
import type { Random } from '../../../../shared/random.ts'
import { leafExtensions } from './leaf-extensions.ts'

const DAY_MS = 24 * 3600 * 1000
const CA_VALIDITY_MS = 3650 * DAY_MS
/** Certificates hold from a little before now: the machines' clocks need not agree. */
const BACKDATE_MS = 3600 * 1000

/** What a leaf certificate shall say. */
export interface LeafRequest {
  subject: JsonName
  publicKey: PublicKey | KeyPair['publicKey']
  usage: 'serverAuth' | 'clientAuth'
  validityMs: number
  extensions?: Extension[]
}

/** Our own CA: the one root of trust of a cluster. */
export class CertificateAuthority {
  readonly certificate: X509Certificate
  /** The certificate as PEM. */
  readonly pem: string
  /** SHA-256 of the certificate's DER in hex: what a join token pins. */
  readonly hash: string
  readonly #keys: KeyPair
  readonly #clock: Clock
  readonly #random: Random

  constructor(certificate: X509Certificate, keys: KeyPair, clock: Clock, random: Random) {
    this.certificate = certificate
    this.pem = certificate.toString('pem')
    this.hash = sha256Hex(certificate.rawData)
    this.#keys = keys
    this.#clock = clock
    this.#random = random
  }

  /** Never outlives the CA itself. */
  async issue(request: LeafRequest): Promise<X509Certificate> {
    const now = this.#clock.now()
    const notAfter = Math.min(now + request.validityMs, this.certificate.notAfter.getTime())
    return X509CertificateGenerator.create({
      serialNumber: serialNumber(this.#random),
      subject: request.subject,
      issuer: this.certificate.subjectName,
      notBefore: new Date(wholeSeconds(now - BACKDATE_MS)),
      notAfter: new Date(wholeSeconds(notAfter)),
      publicKey: request.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: [
        ...(await leafExtensions(request.usage, request.publicKey, this.#keys.publicKey)),
        ...(request.extensions ?? []),
      ],
    })
  }
}

/**
 * The CA kept in `directory`, made there when it does not exist. Key and certificate appear together or not at all.
 * Throws where what is there cannot be used: a new CA would lock out every node and user.
 */
export async function openCertificateAuthority(
  directory: string,
  clock: Clock,
  random: Random,
): Promise<CertificateAuthority> {
  const existing = await load(directory, clock, random)
  if (existing) return existing
  await createDirectoryDurably(directory, await createFiles(clock, random), random)
  const created = await load(directory, clock, random)
  if (!created) throw new Error(`no CA in ${directory}`)
  return created
}

async function load(directory: string, clock: Clock, random: Random): Promise<CertificateAuthority | undefined> {
  const [certificate, key] = await Promise.all([read(join(directory, 'ca.crt')), read(join(directory, 'ca.key'))])
  if (certificate === undefined && key === undefined) return undefined
  try {
    const keys = await keyPairFromPem(key ?? '')
    const parsed = new X509Certificate(certificate ?? '')
    if (!(await parsed.verify({ publicKey: keys.publicKey, signatureOnly: true }))) throw new Error('key does not fit')
    return new CertificateAuthority(parsed, keys, clock, random)
  } catch (error) {
    const hint = 'put back ca.crt and ca.key from a copy; only a cluster without nodes can do with a new one'
    throw new Error(`the CA in ${directory} cannot be used (${(error as Error).message}): ${hint}`, { cause: error })
  }
}

async function createFiles(clock: Clock, random: Random): Promise<Record<string, string>> {
  const keys = await generateKeyPair()
  const now = clock.now()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    name: [{ CN: [`kubette-ca@${Math.floor(now / 1000)}`] }],
    notBefore: new Date(wholeSeconds(now - BACKDATE_MS)),
    notAfter: new Date(wholeSeconds(now + CA_VALIDITY_MS)),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { 'ca.crt': `${certificate.toString('pem')}\n`, 'ca.key': `${await privateKeyPem(keys)}\n` }
}

/** 127 random bits: positive, as the standard asks, and never the same twice. */
function serialNumber(random: Random): string {
  const bytes = random.bytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
