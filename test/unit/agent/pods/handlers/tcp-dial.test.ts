import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { tcpDial } from '../../../../../agent/pods/handlers/tcp-dial.ts'

async function listening(): Promise<{ port: number; hungUp: Promise<void>; close(): void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hungUp = new Promise<void>((resolve) => {
    server.on('connection', (socket) => socket.on('error', () => {}).on('close', () => resolve()))
  })
  return { port: (server.address() as AddressInfo).port, hungUp, close: () => server.close() }
}

const at = (port: number) => ({ host: '127.0.0.1', port, text: `127.0.0.1:${port}` })

describe('tcpDial', () => {
  it('hangs up once it is connected', async () => {
    const { port, hungUp, close } = await listening()
    await tcpDial(at(port), new AbortController().signal)
    await hungUp
    close()
  })

  it('says in Go’s words why it is not', async () => {
    const { port, close } = await listening()
    close()
    const refused = tcpDial(at(port), new AbortController().signal)
    await expect(refused).rejects.toThrow(`dial tcp 127.0.0.1:${port}: connect: connection refused`)
  })

  it('rejects when it is called off, before or after it has begun', async () => {
    const stop = new AbortController()
    const reason = new Error('called off')
    const { port, close } = await listening()
    const dialled = tcpDial(at(port), stop.signal)
    stop.abort(reason)
    await expect(dialled).rejects.toBe(reason)
    await expect(tcpDial(at(port), stop.signal)).rejects.toBe(reason)
    close()
  })
})
