import { closeSync, fdatasync, openSync, readFileSync, writeSync } from 'node:fs'
import { createSecureServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

// The least that a server can do which answers a POST once its body is on disk, and sends it to all who watch: what
// comes while the disk is waited for shares the next wait. In the directory it is told are `server.crt` and
// `server.key`; it says its port on standard output.
const directory = process.argv[2] ?? '.'
const sync = promisify(fdatasync)
const file = openSync(join(directory, 'log'), 'w')
const watchers = new Set<ServerHttp2Stream>()
let waiting: { body: Buffer; stream: ServerHttp2Stream }[] = []
let isWriting = false

async function write(): Promise<void> {
  if (isWriting) return
  isWriting = true
  while (waiting.length > 0) {
    const batch = waiting
    waiting = []
    writeSync(file, Buffer.concat(batch.map(({ body }) => body)))
    await sync(file)
    for (const { body, stream } of batch) {
      stream.respond({ ':status': 201 })
      stream.end(body)
      for (const watcher of watchers) watcher.write(body)
    }
  }
  isWriting = false
}

const server = createSecureServer({
  cert: readFileSync(join(directory, 'server.crt')),
  key: readFileSync(join(directory, 'server.key')),
  settings: { maxConcurrentStreams: 1_000 },
})
server.on('stream', (stream, headers) => {
  stream.on('error', () => {})
  if (headers[':method'] === 'GET') {
    watchers.add(stream)
    stream.once('close', () => watchers.delete(stream))
    stream.respond({ ':status': 200 })
    return
  }
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('end', () => {
    waiting.push({ body: Buffer.concat(chunks), stream })
    void write()
  })
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.once('SIGTERM', () => {
  closeSync(file)
  process.exit()
})
