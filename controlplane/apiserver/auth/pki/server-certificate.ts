import { isIP } from 'node:net'
import type { Clock, Timer } from '../../../../shared/clock.ts'
import type { Logger } from '../../../../shared/log.ts'
import { generateKeyPair, privateKeyPem } from '../../../../shared/pki/key-pair.ts'
import { SubjectAlternativeNameExtension } from '../../../../shared/pki/x509.ts'
import type { CertificateAuthority } from './certificate-authority.ts'

const DAY_MS = 24 * 3600 * 1000
const VALIDITY_MS = 90 * DAY_MS
const RENEWAL_MS = (VALIDITY_MS * 2) / 3
const RETRY_MS = 60 * 1000
/** Longer timers are not reliable; the age is looked at each time. */
const CHECK_INTERVAL_MS = DAY_MS

/** How clients inside and beside the cluster call the API server. */
const STANDARD_NAMES = [
  'localhost',
  '127.0.0.1',
  '::1',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]

/** What a TLS server needs. `cert` ends with the CA, so that a joining agent can check it against its token. */
export interface ServerCredentials {
  readonly cert: string
  readonly key: string
}

/** A new key and certificate for the API server, valid for the standard names and `hosts` (names or addresses). */
export async function issueServerCredentials(
  ca: CertificateAuthority,
  hosts: readonly string[],
): Promise<ServerCredentials> {
  const keys = await generateKeyPair()
  const names = [...new Set([...STANDARD_NAMES, ...hosts])]
  const certificate = await ca.issue({
    subject: [{ CN: ['kubette-apiserver'] }],
    publicKey: keys.publicKey,
    usage: 'serverAuth',
    validityMs: VALIDITY_MS,
    extensions: [
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
    ],
  })
  return { cert: `${certificate.toString('pem')}\n${ca.pem}\n`, key: await privateKeyPem(keys) }
}

/** Hands out new credentials, until it is stopped, well before the ones that `issueServerCredentials` made run out. */
export function renewServerCredentials(options: {
  ca: CertificateAuthority
  hosts: readonly string[]
  clock: Clock
  log: Logger
  use: (credentials: ServerCredentials) => void
}): { stop(): void } {
  const { ca, hosts, clock, log, use } = options
  let issuedAt = clock.now()
  let timer: Timer
  let isStopped = false
  const arm = (delayMs: number) => {
    if (!isStopped) timer = clock.after(delayMs, () => void check())
  }
  const check = async () => {
    if (clock.now() - issuedAt < RENEWAL_MS) return arm(CHECK_INTERVAL_MS)
    try {
      const credentials = await issueServerCredentials(ca, hosts)
      if (isStopped) return
      use(credentials)
      issuedAt = clock.now()
      log.info('server certificate renewed')
      arm(CHECK_INTERVAL_MS)
    } catch (error) {
      log.error({ err: error }, 'server certificate not renewed')
      arm(RETRY_MS)
    }
  }
  arm(CHECK_INTERVAL_MS)
  return {
    stop() {
      isStopped = true
      timer.cancel()
    },
  }
}
