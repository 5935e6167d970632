import type { WatchedEvent } from './operation.ts'

/** What one watch showed, from one revision on until it was broken off. */
export interface WatchedSpan {
  /** It was to show everything above this revision. */
  readonly from: number
  readonly events: readonly WatchedEvent[]
}

export type OpenWatch = (signal: AbortSignal) => Promise<{ from: number; events: AsyncIterable<WatchedEvent> }>

const RETRY_MS = 20

/** Watches until `signal` aborts, from the newest state on after each break. */
export async function watchThroughRestarts(open: OpenWatch, signal: AbortSignal): Promise<WatchedSpan[]> {
  const spans: WatchedSpan[] = []
  while (!signal.aborted) {
    try {
      const { from, events } = await open(signal)
      const seen: WatchedEvent[] = []
      spans.push({ from, events: seen })
      for await (const event of events) seen.push(event)
    } catch {
      // the server is down
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  return spans
}
