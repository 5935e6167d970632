/** How one source of requests fares. */
export interface LoadReport {
  total: number
  failed: number
  /** Of the first failures, what they were. */
  errors: string[]
}

/** A server for `node -e`: answers on port 8080, and ends at once when it is told to. */
export const SERVER_SCRIPT = `
const server = require('http').createServer((request, response) => setTimeout(() => response.end(require('os').hostname()), 5))
server.keepAliveTimeout = 60_000
server.listen(8080)
process.on('SIGTERM', () => process.exit(0))
`

/**
 * A client for `node -e`: sends to the URL that LOAD_URL names for ever, over new connections and over kept ones. As
 * pools do, it closes a kept one after 50 requests. Prints a LoadReport as a line each second, and when it is told to end.
 */
export const CLIENT_SCRIPT = `
const http = require('http')
const report = { total: 0, failed: 0, errors: [] }
let isOver = false
const failed = (error) => {
  report.failed++
  if (report.errors.length < 20) report.errors.push(new Date().toISOString() + ' ' + error.message)
}
const once = (agent) => new Promise((resolve) => {
  const request = http.get(process.env.LOAD_URL, { agent, timeout: 10_000 }, (response) => {
    response.resume()
    response.on('error', failed)
    response.on('close', resolve)
  })
  request.on('timeout', () => request.destroy(new Error('timeout')))
  request.on('error', (error) => { failed(error); resolve() })
}).then(() => { report.total++ })
const pause = () => new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20))
const overNew = async () => {
  while (!isOver) { await once(false); await pause() }
}
const overKept = async () => {
  while (!isOver) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = 0; i < 50 && !isOver; i++) { await once(agent); await pause() }
    agent.destroy()
  }
}
const print = () => console.log(JSON.stringify(report))
for (let i = 0; i < 4; i++) { overNew(); overKept() }
setInterval(print, 1000)
process.on('SIGTERM', () => { isOver = true; print(); process.exit(0) })
`

/** The newest report of what a client has printed. */
export function readReport(output: string): LoadReport {
  const last = output.trim().split('\n').at(-1) ?? ''
  return JSON.parse(last) as LoadReport
}
