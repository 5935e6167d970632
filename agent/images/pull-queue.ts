import { Turnstile } from '../../shared/turnstile.ts'
import type { ImageState, RegistryCredentials, Runtime } from '../runtime/runtime.ts'

interface SharedPull {
  readonly done: Promise<ImageState>
  readonly giveUp: AbortController
  waiting: number
}

/** Pulls each image once however many ask for it, and only so many at a time; gives up when nobody waits any more. */
export class PullQueue {
  readonly #runtime: Pick<Runtime, 'pullImage'>
  readonly #turnstile: Turnstile
  readonly #pulls = new Map<string, SharedPull>()

  constructor(runtime: Pick<Runtime, 'pullImage'>, maxParallel: number) {
    this.#runtime = runtime
    this.#turnstile = new Turnstile(maxParallel)
  }

  /** Rejects with what the runtime says, or with the signal's reason; then the others go on waiting. */
  async pull(reference: string, signal: AbortSignal, credentials?: RegistryCredentials): Promise<ImageState> {
    const key = JSON.stringify([reference, credentials ?? null])
    const shared = this.#pulls.get(key) ?? this.#begin(key, reference, credentials)
    shared.waiting++
    const aborted = abortion(signal)
    try {
      return await Promise.race([shared.done, aborted.rejection])
    } finally {
      aborted.forget()
      if (--shared.waiting === 0) shared.giveUp.abort(new Error('nobody waits for the image any more'))
    }
  }

  #begin(key: string, reference: string, credentials?: RegistryCredentials): SharedPull {
    const giveUp = new AbortController()
    const done = this.#run(reference, giveUp.signal, credentials).finally(() => {
      if (this.#pulls.get(key) === shared) this.#pulls.delete(key)
    })
    const shared: SharedPull = { done, giveUp, waiting: 0 }
    giveUp.signal.addEventListener('abort', () => this.#pulls.delete(key))
    done.catch(() => undefined)
    this.#pulls.set(key, shared)
    return shared
  }

  #run(reference: string, signal: AbortSignal, credentials?: RegistryCredentials): Promise<ImageState> {
    return this.#turnstile.pass(async () => {
      signal.throwIfAborted()
      return this.#runtime.pullImage(reference, signal, credentials)
    })
  }
}

function abortion(signal: AbortSignal): { rejection: Promise<never>; forget(): void } {
  let abort = () => {}
  const rejection = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
  })
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return { rejection, forget: () => signal.removeEventListener('abort', abort) }
}
