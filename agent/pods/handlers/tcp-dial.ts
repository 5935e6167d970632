import { connect } from 'node:net'
import { dialError } from './dial-error.ts'
import type { HandlerAddress } from './handler-target.ts'

/** Resolves once connected, and hangs up at once. Rejects in Go's words, or with the signal's reason when it aborts first. */
export function tcpDial({ host, port, text }: HandlerAddress, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const socket = connect({ host, port })
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', abort))
    socket.once('error', (error) => reject(signal.aborted ? error : new Error(dialError(text, error))))
    socket.once('connect', () => {
      resolve()
      socket.destroy()
    })
  })
}
