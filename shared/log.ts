import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'

/** Structured logs: `log.info({ pod: key }, 'started')`. Never pass tokens, keys or Secrets. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & { child(bindings: object): Logger }

/** JSON lines on standard error unless `destination` says otherwise. */
export function createLogger(
  name: string,
  level = 'info',
  destination: DestinationStream = pino.destination(2),
): Logger {
  return pino({ name, level, base: { name } }, destination)
}

export const silentLogger: Logger = pino({ level: 'silent' })
