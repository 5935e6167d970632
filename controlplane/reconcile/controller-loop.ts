import { isApiError } from '../../shared/api/api-error.ts'
import type { ObjectKey } from '../../shared/api/object.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Controller } from './controller.ts'
import type { Informers } from './informer.ts'
import { WorkQueue } from './work-queue.ts'

export interface LoopDeps {
  informers: Informers
  clock: Clock
  random: Random
  log: Logger
}

/**
 * Runs a controller from the moment all informers are synced until `stop` aborts; resolves when its last
 * reconcile has returned.
 */
export async function startController(controller: Controller, deps: LoopDeps, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop]) // Node warns of a leak where many listen to one
  const queue = new WorkQueue(deps)
  const log = deps.log.child({ controller: controller.name })
  const unsubscribes = controller.watches.map(({ kind, keysOf }) =>
    deps.informers.of(kind).onChange((change) => {
      for (const key of keysOf(change)) queue.add(key)
    }),
  )
  for (const key of controller.initialKeys ?? []) queue.add(key)
  const close = () => queue.close()
  signal.addEventListener('abort', close, { once: true })
  if (signal.aborted) close()

  await deps.informers.whenSynced().catch(close)
  await Promise.all(Array.from({ length: controller.concurrency ?? 1 }, () => work(controller, queue, log, signal)))
  for (const unsubscribe of unsubscribes) unsubscribe()
}

async function work(controller: Controller, queue: WorkQueue, log: Logger, signal: AbortSignal): Promise<void> {
  for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
    await reconcile(controller, key, queue, log, signal)
    queue.done(key)
  }
}

async function reconcile(
  controller: Controller,
  key: ObjectKey,
  queue: WorkQueue,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  try {
    const requeue = await controller.reconcile(key, signal)
    queue.forget(key)
    if (requeue) queue.addAfter(key, requeue.requeueAfterMs)
  } catch (error) {
    if (signal.aborted) return
    // A Conflict only says that the informer is a moment behind.
    log[isApiError(error, 'Conflict') ? 'debug' : 'warn']({ key, err: error }, 'reconcile failed')
    queue.retry(key)
  }
}
