import type { Readable } from 'node:stream'
import type { Clock } from '../../../shared/clock.ts'
import { goDuration } from '../../go-duration.ts'
import { RuntimeFailure } from '../runtime.ts'
import { jsonLines } from './json-lines.ts'

interface ProgressLine {
  error?: string
  errorDetail?: { message?: string }
}

/**
 * Resolves when a pull has succeeded. Docker answers 200 and tells of a failure in a line of its own. Rejects with
 * code `imagePull`, also when no line comes for `stallMs`; then it calls `giveUp`.
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
      if (error !== undefined) throw new RuntimeFailure('imagePull', error)
    }
  } catch (error) {
    if (isStalled) throw new RuntimeFailure('imagePull', `no progress for ${goDuration(stallMs)}`, error)
    throw error
  } finally {
    timer.cancel()
  }
}
