import { connect } from 'node:net'
import { dialError } from './dial-error.ts'
import type { HandlerAddress } from './handler-target.ts'

/** Resolves once connected, and hangs up at once. Rejects in Go's words. */
export function tcpDial({ host, port, text }: HandlerAddress, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', (error) => reject(new Error(dialError(text, error))))
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
  })
}
