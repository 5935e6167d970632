import type { Clock } from '../../../shared/clock.ts'
import { keyFingerprint, sha256Hex } from '../../../shared/pki/key-pair.ts'
import { identityOfSubject } from '../../../shared/pki/node-identity.ts'
import { X509Certificate } from '../../../shared/pki/x509.ts'
import type { Authenticator, Identity } from './identity.ts'

const CACHE_SIZE = 1000

interface Proof {
  identity: Identity
  notBefore: number
  notAfter: number
}

/** Knows users by the client certificates of our CA: CN is the name, every O a group. Nobody is anonymous. */
export function createCertificateAuthenticator(clock: Clock): Authenticator {
  const proofs = new Map<string, Proof | undefined>()

  const proofOf = (certificate: Uint8Array): Proof | undefined => {
    const fingerprint = sha256Hex(certificate)
    if (!proofs.has(fingerprint)) {
      if (proofs.size >= CACHE_SIZE) proofs.clear()
      proofs.set(fingerprint, read(certificate, fingerprint))
    }
    return proofs.get(fingerprint)
  }

  return {
    authenticate({ certificate }) {
      const proof = certificate && proofOf(certificate)
      const now = clock.now()
      return proof && proof.notBefore <= now && now < proof.notAfter ? proof.identity : undefined
    },
  }
}

/** The fingerprint of the key that a certificate (DER) is for. */
export function certificateKeyFingerprint(certificate: Uint8Array): string {
  return keyFingerprint(new X509Certificate(Uint8Array.from(certificate)).publicKey)
}

function read(der: Uint8Array, certificateFingerprint: string): Proof | undefined {
  const certificate = new X509Certificate(Uint8Array.from(der))
  const subject = identityOfSubject(certificate.subjectName)
  if (!subject) return undefined
  return {
    identity: { ...subject, certificateFingerprint },
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
  }
}
