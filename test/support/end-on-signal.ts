type End = () => Promise<unknown>

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const ends = new Set<End>()

/**
 * Has `end` done when somebody ends this process by one of these signals, before it ends by that signal: what was begun
 * last ends first. A second signal does not wait. Returns what calls it off.
 */
export function endOnSignal(end: End): () => void {
  if (ends.size === 0) for (const signal of SIGNALS) process.on(signal, endAll)
  ends.add(end)
  return () => {
    if (ends.delete(end) && ends.size === 0) letGo()
  }
}

async function endAll(signal: NodeJS.Signals): Promise<void> {
  letGo()
  for (const end of [...ends].reverse()) await end().catch((error: unknown) => console.error(error))
  process.kill(process.pid, signal)
}

function letGo(): void {
  for (const signal of SIGNALS) process.off(signal, endAll)
}
