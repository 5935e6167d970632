/** Resolves when this process is asked to end: by a signal, or because the process that supervises it is gone. */
export function whenAskedToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal))
    if (process.send) process.once('disconnect', () => resolve('the supervisor is gone'))
  })
}

/** Tells a supervisor, where there is one, that this process does its work. */
export function announceReady(): void {
  process.send?.({ type: 'ready' })
}
