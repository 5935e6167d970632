import type { KeyPair } from '../../../../shared/pki/key-pair.ts'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKey,
  SubjectKeyIdentifierExtension,
} from '../../../../shared/pki/x509.ts'

type Key = KeyPair['publicKey']

/** What every certificate that is no CA carries: it may sign nothing, and serves one side of TLS only. */
export async function leafExtensions(
  usage: 'serverAuth' | 'clientAuth',
  publicKey: PublicKey | Key,
  caKey: Key,
): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage[usage]]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(caKey),
  ]
}
