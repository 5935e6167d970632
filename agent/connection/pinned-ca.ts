import { X509Certificate } from 'node:crypto'
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import type { Clock } from '../../shared/clock.ts'
import { sha256Hex } from '../../shared/pki/key-pair.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** The server is not the one that the token is for: trying again does not help. */
export class WrongAuthority extends Error {
  constructor(serverUrl: string) {
    super(
      `${serverUrl} does not show the CA that the token names: the token is for another cluster, or something ` +
        'sits between here and the control plane. Nothing secret was sent.',
    )
    this.name = 'WrongAuthority'
  }
}

/**
 * The CA certificate (PEM) that the server shows, if it has this hash. Only a handshake takes place: nothing is sent
 * that the server could use. That the server holds a certificate of that CA is for the next connection to check.
 * Rejects with WrongAuthority, or the connection's error.
 */
export function fetchPinnedCa(serverUrl: string, caHash: string, clock: Clock): Promise<string> {
  const { hostname, port } = new URL(serverUrl)
  return new Promise((resolve, reject) => {
    // Verified by hash, below.
    const socket = connect({ host: bare(hostname), port: Number(port || 443), rejectUnauthorized: false })
    const timer = clock.after(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error(`no answer from ${serverUrl}`)))
    socket.once('close', () => {
      timer.cancel()
      reject(new Error(`${serverUrl} closed the connection`))
    })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      const found = shownAuthority(socket, caHash)
      if (found) resolve(found)
      else reject(new WrongAuthority(serverUrl))
      socket.destroy()
    })
  })
}

function shownAuthority(socket: TLSSocket, caHash: string): string | undefined {
  const seen = new Set<DetailedPeerCertificate>()
  let shown: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  // A root is its own issuer: the chain ends in a circle.
  while (shown?.raw && !seen.has(shown)) {
    seen.add(shown)
    if (sha256Hex(shown.raw) === caHash) return new X509Certificate(shown.raw).toString()
    shown = shown.issuerCertificate
  }
  return undefined
}

/** Without the brackets of an IPv6 address. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
