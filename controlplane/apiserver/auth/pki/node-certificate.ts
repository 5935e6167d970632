import { ApiError } from '../../../../shared/api/api-error.ts'
import { keyFingerprint } from '../../../../shared/pki/key-pair.ts'
import { identityOfSubject, NODES_GROUP, nodeUserName } from '../../../../shared/pki/node-identity.ts'
import { Pkcs10CertificateRequest } from '../../../../shared/pki/x509.ts'
import type { CertificateAuthority } from './certificate-authority.ts'

const NODE_CERTIFICATE_VALIDITY_MS = 30 * 24 * 3600 * 1000

const CURVES: readonly string[] = ['P-256', 'P-384', 'P-521']

/** A request that was found good: only its key is taken over into the certificate. */
export interface CheckedRequest {
  readonly nodeName: string
  readonly publicKey: Pkcs10CertificateRequest['publicKey']
  readonly keyFingerprint: string
}

/** Throws BadRequest that says what is wrong with the PEM of a certificate request for `nodeName`. */
export async function checkNodeRequest(csr: string, nodeName: string): Promise<CheckedRequest> {
  const request = parse(csr)
  const { publicKey } = request
  const { name, namedCurve } = publicKey.algorithm as { name: string; namedCurve?: string }
  if (name !== 'ECDSA' || !CURVES.includes(namedCurve ?? '')) throw refused('its key is not an EC key of P-256 or more')
  if (!(await verified(request))) throw refused('its signature is wrong')
  if (!namesNode(request, nodeName)) throw refused(`its subject is not O=${NODES_GROUP}, CN=${nodeUserName(nodeName)}`)
  if (request.extensions.length > 0) throw refused('it asks for extensions')
  return { nodeName, publicKey, keyFingerprint: keyFingerprint(publicKey) }
}

/** The certificate as PEM. */
export async function issueNodeCertificate(
  ca: CertificateAuthority,
  request: CheckedRequest,
  validityMs = NODE_CERTIFICATE_VALIDITY_MS,
): Promise<string> {
  const certificate = await ca.issue({
    subject: [{ O: [NODES_GROUP] }, { CN: [nodeUserName(request.nodeName)] }],
    publicKey: request.publicKey,
    usage: 'clientAuth',
    validityMs,
  })
  return certificate.toString('pem')
}

function parse(csr: string): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(csr)
  } catch {
    throw refused('it cannot be read')
  }
}

async function verified(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify()
  } catch {
    return false
  }
}

function namesNode(request: Pkcs10CertificateRequest, nodeName: string): boolean {
  const identity = identityOfSubject(request.subjectName)
  const attributes = request.subjectName.toJSON().flatMap((part) => Object.values(part).flat())
  return (
    identity?.name === nodeUserName(nodeName) &&
    identity.groups.length === 1 &&
    identity.groups[0] === NODES_GROUP &&
    attributes.length === 2
  )
}

function refused(why: string): ApiError {
  return ApiError.badRequest(`the certificate request is refused: ${why}`)
}
