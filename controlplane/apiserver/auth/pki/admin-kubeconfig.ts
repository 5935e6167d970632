import { isIPv6 } from 'node:net'
import { stringify } from 'yaml'
import { writeDurably } from '../../../../shared/durable-file.ts'
import { generateKeyPair, privateKeyPem } from '../../../../shared/pki/key-pair.ts'
import { MASTERS_GROUP } from '../../../../shared/pki/node-identity.ts'
import type { Random } from '../../../../shared/random.ts'
import type { CertificateAuthority } from './certificate-authority.ts'

const VALIDITY_MS = 365 * 24 * 3600 * 1000
const NAME = 'kubette'
const USER = 'kubernetes-admin'

/** Writes a kubeconfig with a fresh admin certificate to `path`, for its owner's eyes only. */
export async function writeAdminKubeconfig(
  path: string,
  options: { ca: CertificateAuthority; serverUrl: string; random: Random },
): Promise<void> {
  const keys = await generateKeyPair()
  const certificate = await options.ca.issue({
    subject: [{ O: [MASTERS_GROUP] }, { CN: [USER] }],
    publicKey: keys.publicKey,
    usage: 'clientAuth',
    validityMs: VALIDITY_MS,
  })
  const credentials = { certificate: certificate.toString('pem'), key: await privateKeyPem(keys), ca: options.ca.pem }
  await writeDurably(path, kubeconfig(options.serverUrl, credentials), options.random)
}

/** `https://host:port`, with the brackets that an IPv6 address needs. */
export function serverUrl(host: string, port: number): string {
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`
}

function kubeconfig(server: string, pem: { certificate: string; key: string; ca: string }): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster: { server, 'certificate-authority-data': base64(pem.ca) } }],
    users: [
      {
        name: USER,
        user: { 'client-certificate-data': base64(pem.certificate), 'client-key-data': base64(pem.key) },
      },
    ],
    contexts: [{ name: NAME, context: { cluster: NAME, user: USER } }],
    'current-context': NAME,
  })
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
