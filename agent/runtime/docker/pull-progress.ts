import type { Readable } from 'node:stream'
import type { Clock } from '../../../shared/clock.ts'
import { goDuration } from '../../go-duration.ts'
import { RuntimeFailure } from '../runtime.ts'
import { jsonLines } from './json-lines.ts'

interface ProgressLine {
  error?: string
  errorDetail?: { code?: number; message?: string }
}

/** What a registry, or a proxy before it, answers when it is out of order. */
const OUT_OF_ORDER = [502, 503, 504]
/** In Docker's words, and in containerd's where it keeps the images. */
const NAMED_STATUS = /unexpected (?:HTTP status|status from \w+ request to \S+): (\d{3})/

/**
 * Resolves when a pull has succeeded. Docker answers 200 and tells of a failure in a line of its own. Rejects as
 * Runtime.pullImage does, also when no line comes for `stallMs`; then it calls `giveUp`.
 */
export async function pullProgress(
  stream: Readable,
  { clock, stallMs, giveUp }: { clock: Clock; stallMs: number; giveUp: () => void },
): Promise<void> {
  let isStalled = false
  const watch = () =>
    clock.after(stallMs, () => {
      isStalled = true
      giveUp()
    })
  let timer = watch()
  try {
    for await (const line of jsonLines<ProgressLine>(stream)) {
      timer.cancel()
      timer = watch()
      const error = line.errorDetail?.message ?? line.error
      if (error !== undefined) throw pullFailure(error, line.errorDetail?.code)
    }
  } catch (error) {
    if (isStalled) throw stalledPull(stallMs, error)
    throw error
  } finally {
    timer.cancel()
  }
}

/** From what Docker says of a pull that failed, and the HTTP status that it names, if it does. */
export function pullFailure(message: string, status?: number, cause?: unknown): RuntimeFailure {
  const named = status ?? Number(NAMED_STATUS.exec(message)?.[1])
  return new RuntimeFailure(OUT_OF_ORDER.includes(named) ? 'registryUnavailable' : 'imagePull', message, cause)
}

/** A registry that does not go on, before Docker's first word of it or after. */
export function stalledPull(stallMs: number, cause: unknown): RuntimeFailure {
  return new RuntimeFailure('imagePull', `no progress for ${goDuration(stallMs)}`, cause)
}
