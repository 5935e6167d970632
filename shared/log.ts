import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'

/** Structured logs: `log.info({ pod: key }, 'started')`. Never pass tokens, keys or Secrets. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & { child(bindings: object): Logger }

/** What more is logged while nobody takes it is lost. */
const MOST_WAITING_BYTES = 1024 * 1024

/**
 * JSON lines on standard error unless `destination` says otherwise. They are written beside all else: a disk that takes its
 * time over a line of the log must not stop the heartbeats.
 */
export function createLogger(
  name: string,
  level = 'info',
  destination: DestinationStream = pino.destination({ dest: 2, sync: false, maxLength: MOST_WAITING_BYTES }),
): Logger {
  return pino({ name, level, base: { name } }, destination)
}

export const silentLogger: Logger = pino({ level: 'silent' })
