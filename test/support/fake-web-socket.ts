import { EventEmitter } from 'node:events'
import { vi } from 'vitest'
import type { WebSocket } from 'ws'

/** As much of a `ws` WebSocket as channels use. */
export class FakeWebSocket extends EventEmitter {
  protocol: string
  isPaused = false
  readonly sent: (Buffer | string)[] = []
  readonly pong = vi.fn()
  readonly close = vi.fn()
  readonly terminate = vi.fn(() => this.emit('close'))

  constructor(protocol = 'v5.channel.k8s.io') {
    super()
    this.protocol = protocol
  }

  asWebSocket(): WebSocket {
    return this as unknown as WebSocket
  }

  send(message: Buffer | string, done: (error?: Error) => void): void {
    this.sent.push(message)
    done()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  receive(channel: number, data: Buffer): void {
    this.emit('message', Buffer.concat([Buffer.of(channel), data]))
  }
}
