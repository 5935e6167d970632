import { KeyObject, sign } from 'node:crypto'
import type { KeyPair } from './key-pair.ts'
import { NODES_GROUP, nodeUserName } from './node-identity.ts'

/*
 * The few bytes of DER are written here: the library that the control plane reads them with (x509.ts) would take up an
 * eighth of an agent's memory, for something that it does once a month.
 */

const COMMON_NAME = '550403'
const ORGANIZATION = '55040a'
const ECDSA_WITH_SHA256 = '2a8648ce3d040302'

const TAG = { integer: 0x02, bitString: 0x03, oid: 0x06, utf8String: 0x0c, sequence: 0x30, set: 0x31, attributes: 0xa0 }

/** A request (PKCS #10) for a node's certificate, as PEM. */
export function createNodeRequest(nodeName: string, keys: KeyPair): string {
  const info = der(
    TAG.sequence,
    der(TAG.integer, Buffer.from([0])),
    der(TAG.sequence, nameOf(COMMON_NAME, nodeUserName(nodeName)), nameOf(ORGANIZATION, NODES_GROUP)),
    KeyObject.from(keys.publicKey).export({ type: 'spki', format: 'der' }),
    der(TAG.attributes),
  )
  const signature = sign('sha256', info, KeyObject.from(keys.privateKey))
  const algorithm = der(TAG.sequence, oid(ECDSA_WITH_SHA256))
  const request = der(TAG.sequence, info, algorithm, der(TAG.bitString, Buffer.from([0]), signature))
  const lines = request.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----'].join('\n')
}

function nameOf(type: string, value: string): Buffer {
  return der(TAG.set, der(TAG.sequence, oid(type), der(TAG.utf8String, Buffer.from(value))))
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}

/** A value with its tag and length (X.690), of up to 65,535 bytes. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const [high, low] = [length >> 8, length & 0xff]
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, low] : [0x82, high, low]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
