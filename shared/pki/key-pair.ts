import { createHash, createPrivateKey, createPublicKey, KeyObject, webcrypto } from 'node:crypto'

/** Every key that we make. */
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const
export const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const

export type KeyPair = webcrypto.CryptoKeyPair

export async function generateKeyPair(): Promise<KeyPair> {
  return (await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])) as KeyPair
}

/** PKCS #8 as PEM. */
export async function privateKeyPem(pair: KeyPair): Promise<string> {
  return KeyObject.from(pair.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString().trimEnd()
}

/** Reads what `privateKeyPem` wrote; throws on anything else. */
export async function keyPairFromPem(pem: string): Promise<KeyPair> {
  const pkcs8 = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' })
  const publicDer = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  const { subtle } = webcrypto
  return {
    privateKey: await subtle.importKey('pkcs8', pkcs8, KEY_ALGORITHM, true, ['sign']),
    publicKey: await subtle.importKey('spki', publicDer, KEY_ALGORITHM, true, ['verify']),
  }
}

/** SHA-256 in lower-case hex. */
export function sha256Hex(bytes: Uint8Array | ArrayBuffer | string): string {
  return createHash('sha256')
    .update(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes)
    .digest('hex')
}

/** What a key is known by: the SHA-256 of its SubjectPublicKeyInfo in hex, the same in key, CSR and certificate. */
export function keyFingerprint(publicKey: { rawData: ArrayBuffer } | KeyObject): string {
  return sha256Hex('rawData' in publicKey ? publicKey.rawData : publicKey.export({ type: 'spki', format: 'der' }))
}
