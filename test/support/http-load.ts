/** How one source of requests fares. Times are in milliseconds since the epoch. */
export interface LoadReport {
  total: number
  failed: number
  /** When the request was sent that is the last to have failed; 0: none has. */
  lastFailedSentAt: number
  /** Of the failures since the report before, and at most 20, what they were, and which request of its connection it was. */
  errors: string[]
  /** How long the slowest answer since the report before took. */
  slowestMs: number
}

/** A server for `node -e`: answers on port 8080, and ends at once when it is told to. */
export const SERVER_SCRIPT = `
const server = require('http').createServer((request, response) => setTimeout(() => response.end(require('os').hostname()), 5))
server.keepAliveTimeout = 60_000
server.listen(8080)
process.on('SIGTERM', () => process.exit(0))
`

/**
 * A client for `node -e`: sends for ever to the URLs that LOAD_URL names, with a space between, over new connections and
 * over kept ones, LOAD_LANES of each. As pools do, it closes a kept one after 50 requests. A request without an answer
 * within LOAD_TIMEOUT_MS has failed. Prints a LoadReport as a line each second, and when it is told to end. It speaks HTTP
 * over bare sockets: Node's own client takes more of a processor than all else on the way.
 */
export const CLIENT_SCRIPT = `
const net = require('net')
const targets = process.env.LOAD_URL.split(' ').map((url) => new URL(url))
const timeoutMs = Number(process.env.LOAD_TIMEOUT_MS || 10_000)
const lanes = Number(process.env.LOAD_LANES || 4)
const report = { total: 0, failed: 0, lastFailedSentAt: 0, errors: [], slowestMs: 0 }
let isOver = false
const isWhole = (answer) => {
  const end = answer.indexOf('\\r\\n\\r\\n')
  return end > 0 && answer.length >= end + 4 + Number(/content-length: (\\d+)/i.exec(answer)[1])
}
const open = ({ hostname, port }) => {
  const socket = net.connect({ host: hostname, port: port || 80, noDelay: true })
  let answer = ''
  let answered
  const settle = (error) => { const call = answered; answered = undefined; if (call) call(error) }
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timeout')))
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    answer += chunk
    if (isWhole(answer)) settle(answer.startsWith('HTTP/1.1 200 ') ? undefined : new Error(answer.slice(0, 40)))
  })
  socket.on('error', settle)
  socket.on('close', () => settle(new Error('closed before the answer')))
  const send = (resolve) => {
    answer = ''
    answered = resolve
    socket.write('GET / HTTP/1.1\\r\\nHost: ' + hostname + '\\r\\n\\r\\n')
  }
  return {
    isOpen: () => !socket.destroyed && !socket.readableEnded,
    close: () => socket.destroy(),
    ask: () => new Promise(send),
  }
}
const once = async (connection, target, number) => {
  const sentAt = Date.now()
  const error = await connection.ask()
  report.total++
  if (!error) { report.slowestMs = Math.max(report.slowestMs, Date.now() - sentAt); return }
  report.failed++
  report.lastFailedSentAt = Math.max(report.lastFailedSentAt, sentAt)
  const took = Date.now() - sentAt
  const words = [new Date(sentAt).toISOString(), target.host, 'request', number, error.message, 'after', took, 'ms']
  if (report.errors.length < 20) report.errors.push(words.join(' '))
}
const pause = () => new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 16))
const lane = async (target, requests) => {
  while (!isOver) {
    const connection = open(target)
    for (let i = 0; i < requests && connection.isOpen() && !isOver; i++) {
      await once(connection, target, i + 1)
      await pause()
    }
    connection.close()
  }
}
const print = () => {
  console.log(JSON.stringify(report))
  report.errors = []
  report.slowestMs = 0
}
for (let i = 0; i < lanes; i++) for (const requests of [1, 50]) lane(targets[i % targets.length], requests)
setInterval(print, 1000)
process.on('SIGTERM', () => { isOver = true; print(); process.exit(0) })
`

/** The reports that a client has printed, the newest last. */
export function readReports(output: string): LoadReport[] {
  const lines = output.trim().split('\n')
  return lines.filter(Boolean).map((line) => JSON.parse(line) as LoadReport)
}
