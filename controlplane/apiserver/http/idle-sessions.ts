import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Clock, Timer } from '../../../shared/clock.ts'

/** As long as Kubernetes' API server waits. Clients keep an idle connection no longer than that themselves. */
const IDLE_MS = 90_000

/** Closes the session when there has been no stream on it for a while; pings do not count. */
export function closeWhenIdle(session: ServerHttp2Session, clock: Clock): void {
  const streams = new Set<ServerHttp2Stream>()
  let idle: Timer | undefined
  const wait = () => {
    idle = clock.after(IDLE_MS, () => session.close())
  }
  wait()
  session.on('stream', (stream) => {
    streams.add(stream)
    idle?.cancel()
    stream.once('close', () => {
      streams.delete(stream)
      if (streams.size === 0 && !session.closed) wait()
    })
  })
  session.once('close', () => idle?.cancel())
}
