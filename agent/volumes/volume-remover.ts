import type { PersistentVolume } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { Backoff } from '../../shared/backoff.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { dockerVolumeOf, isDataToBeRemoved } from '../../shared/storage/local-volumes.ts'
import type { Assignments, AssignmentsSink } from '../assignments.ts'
import { keepTrying } from '../keep-trying.ts'
import type { VolumeReporter } from '../reporter.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface VolumeRemoverOptions {
  runtime: Pick<Runtime, 'removeClaimVolume'>
  reporter: VolumeReporter
  clock: Clock
  log: Logger
}

/**
 * Removes the data of volumes that are being deleted, and says so. Only what the control plane names is ever removed: of
 * a volume that nobody knows any more the data stays.
 */
export class VolumeRemover implements AssignmentsSink {
  readonly #options: VolumeRemoverOptions
  readonly #stop = new AbortController()
  readonly #underWay = new Set<string>()
  #assigned: Assignments['volumes'] = new Map()

  constructor(options: VolumeRemoverOptions) {
    this.#options = options
  }

  assign({ volumes }: Assignments): void {
    this.#assigned = volumes
    for (const volume of volumes.values()) {
      if (isDataToBeRemoved(volume) && !this.#underWay.has(volume.metadata.uid)) void this.#remove(volume)
    }
  }

  stop(): void {
    this.#stop.abort()
  }

  /** A Pod that was deleted by force may still be about to end: it is tried until nothing uses the data. */
  async #remove(volume: Persisted<PersistentVolume>): Promise<void> {
    const { runtime, reporter, clock, log } = this.#options
    const { name, uid } = volume.metadata
    const id = dockerVolumeOf(volume)
    if (id === undefined) return
    const backoff = new Backoff({ initialMs: 1_000, maxMs: 60_000 })
    this.#underWay.add(uid)
    const attempt = async () => {
      if (this.#assigned.get(name)?.metadata.uid !== uid) return
      await runtime.removeClaimVolume(id)
      log.info({ volume: name }, 'the data of a volume is removed')
      reporter.volumeRemoved({ name, uid })
    }
    const failed = (err: unknown) => log.warn({ err, volume: name }, 'could not remove the data of a volume')
    await keepTrying(attempt, { clock, signal: this.#stop.signal, restMs: () => backoff.next(), failed })
    this.#underWay.delete(uid)
  }
}
