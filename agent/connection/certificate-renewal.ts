import type { Clock, Timer } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { createNodeRequest } from '../../shared/pki/node-request.ts'
import { RENEW_PATH } from '../../shared/protocol/join.ts'
import type { Random } from '../../shared/random.ts'
import { askControlPlane } from './control-plane-request.ts'
import { CredentialStore, type NodeCredentials, validityOf } from './node-credentials.ts'

const HOUR_MS = 3600 * 1000

export interface RenewalOptions {
  credentials: NodeCredentials
  serverUrl: string
  dataDir: string
  clock: Clock
  random: Random
  log: Logger
}

/** The credentials that hold now. A running connection goes on with what it was dialled with. */
export interface RenewedCredentials {
  readonly current: NodeCredentials
  /** Asks for the next certificate where two thirds of this one's life are over. Never rejects. */
  check(): Promise<void>
  stop(): void
}

/** Looks at the certificate's age now and then, and renews it with the same key. */
export function keepCertificateFresh(options: RenewalOptions): RenewedCredentials {
  const { serverUrl, dataDir, clock, random, log } = options
  const store = new CredentialStore(dataDir, random)
  let current = options.credentials
  let timer: Timer | undefined
  let stopped = false

  const renew = async () => {
    const { nodeName, ca } = current
    const csr = createNodeRequest(nodeName, await store.keys())
    const answer = await askControlPlane(
      { serverUrl, path: RENEW_PATH, ca, client: current, body: { nodeName, csr } },
      clock,
    )
    current = await store.save({ ...answer, ca, nodeName })
    log.info({ until: new Date(validityOf(current.certificate).to).toISOString() }, 'node certificate renewed')
  }

  const check = async () => {
    const { from, to } = validityOf(current.certificate)
    if (clock.now() < from + ((to - from) * 2) / 3) return
    try {
      await renew()
    } catch (error) {
      const left = Math.max(0, Math.round((to - clock.now()) / HOUR_MS))
      log.error({ err: error, hoursLeft: left }, 'node certificate not renewed')
    }
  }

  const arm = () => {
    if (stopped) return
    const { from, to } = validityOf(current.certificate)
    // Short-lived certificates, as in trials, are looked at more often.
    timer = clock.after(Math.min(HOUR_MS, (to - from) / 12), () => void check().finally(arm))
  }
  arm()
  return {
    get current() {
      return current
    },
    check,
    stop() {
      stopped = true
      timer?.cancel()
    },
  }
}
