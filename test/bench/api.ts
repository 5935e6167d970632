// The API's pace beside a bare Node server over TLS and HTTP/2 that does the same fsync, in the same run.
//   npx tsx test/bench/api.ts [rounds]
// Prints durable creates a second with 64 clients, and how long 1,000 watchers wait for an event, as ratios.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openCertificateAuthority } from '../../controlplane/apiserver/auth/pki/certificate-authority.ts'
import { issueServerCredentials } from '../../controlplane/apiserver/auth/pki/server-certificate.ts'
import { systemClock } from '../../shared/clock.ts'
import { systemRandom } from '../../shared/random.ts'
import { connectTo } from '../support/connect-to.ts'
import { freePort } from '../support/kubette.ts'
import { percentile } from '../support/percentile.ts'
import { ServerProcess } from '../support/server-process.ts'

const ROUNDS = Number(process.argv[2] ?? 5)
const CLIENTS = 64
const ROUND_MS = 4_000
const WATCHERS = 1_000
const WATCHERS_PER_CONNECTION = 50
const EVENTS = 100
const EVENT_EVERY_MS = 100
/** Longer than one event takes to reach everybody. */
const LAST_EVENT_MS = 5_000
/** Beside a text to look for, about as much as a small manifest. */
const FILLING = 'x'.repeat(500)

/** A server that takes ConfigMaps, durably, and shows them to who watches. */
interface Contender {
  readonly name: string
  open(): ClientHttp2Session
  readonly post: string
  readonly watch: string
  stop(): Promise<void>
}

let created = 0
const mark = () => `at=${performance.now().toFixed(3)};`

async function post(session: ClientHttp2Session, { post }: Contender): Promise<void> {
  const data = { mark: mark(), filling: FILLING }
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${++created}` }, data }
  const stream = session.request({ ':method': 'POST', ':path': post, 'content-type': 'application/json' })
  stream.end(JSON.stringify(body))
  const [headers] = await once(stream, 'response')
  if (headers[':status'] !== 201) throw new Error(`${post} answered ${headers[':status']}`)
  await once(stream.resume(), 'end')
}

/** Creates a second, with one request of each client under way at a time. */
async function createsPerSecond(contender: Contender): Promise<number> {
  const sessions = Array.from({ length: CLIENTS }, () => contender.open())
  const end = performance.now() + ROUND_MS
  let count = 0
  const client = async (session: ClientHttp2Session) => {
    for (; performance.now() < end; count++) await post(session, contender)
  }
  await Promise.all(sessions.map(client))
  for (const session of sessions) session.close()
  return count / (ROUND_MS / 1000)
}

/** Milliseconds from each create's call to its event's arrival at each watcher. */
async function watchLags(contender: Contender): Promise<number[]> {
  const lags: number[] = []
  const sessions = Array.from({ length: WATCHERS / WATCHERS_PER_CONNECTION }, () => contender.open())
  const begun = sessions.flatMap((session) =>
    Array.from({ length: WATCHERS_PER_CONNECTION }, async () => {
      const stream = session.request({ ':path': contender.watch })
      await once(stream, 'response')
      stream.setEncoding('utf8').on('data', (text: string) => {
        const now = performance.now()
        for (const [, at] of text.matchAll(/at=([\d.]+);/g)) lags.push(now - Number(at))
      })
    }),
  )
  await Promise.all(begun)
  const writer = contender.open()
  for (let event = 0; event < EVENTS; event++) {
    await Promise.all([post(writer, contender), pause(EVENT_EVERY_MS)])
  }
  const all = EVENTS * WATCHERS
  for (let waitedMs = 0; lags.length < all && waitedMs < LAST_EVENT_MS; waitedMs += 10) await pause(10)
  for (const session of [writer, ...sessions]) session.destroy()
  if (lags.length !== all) throw new Error(`${contender.name}: ${lags.length} of ${all} events arrived`)
  return lags
}

async function startKubette(directory: string): Promise<Contender> {
  const dataDir = join(directory, 'kubette')
  const server = await ServerProcess.start(dataDir, await freePort())
  const { url, ca, tls, api } = connectTo(join(dataDir, 'kubeconfig'))
  api.close()
  const maps = '/api/v1/namespaces/default/configmaps'
  return {
    name: 'kubette',
    open: () => connect(url, { ca, ...tls }),
    post: maps,
    watch: `${maps}?watch=true`,
    stop: () => server.end(),
  }
}

async function startBare(directory: string): Promise<Contender> {
  const ca = await openCertificateAuthority(join(directory, 'pki'), systemClock(), systemRandom)
  const { cert, key } = await issueServerCredentials(ca, [])
  writeFileSync(join(directory, 'server.crt'), cert)
  writeFileSync(join(directory, 'server.key'), key)
  const program = fileURLToPath(new URL('bare-server.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port] = await once(child.stdout, 'data')
  return {
    name: 'bare Node server',
    open: () => connect(`https://127.0.0.1:${Number(port)}`, { ca: ca.pem }),
    post: '/',
    watch: '/',
    async stop() {
      child.kill()
      await once(child, 'exit')
    },
  }
}

const directory = mkdtempSync(join(tmpdir(), 'kubette-bench-'))
const contenders = [await startKubette(directory), await startBare(directory)]
try {
  // First, while there is nothing that a watch would begin with.
  const lags: number[][] = []
  for (const contender of contenders) lags.push(await watchLags(contender))
  for (const percent of [50, 99]) {
    const [ours = 0, bare = 0] = lags.map((each) => percentile(each, percent))
    const figures = `kubette ${ours.toFixed(1)} ms, bare ${bare.toFixed(1)} ms, ratio ${(ours / bare).toFixed(2)}`
    console.log(`create to event at ${WATCHERS} watchers, p${percent}: ${figures}`)
  }
  const paces: number[][] = contenders.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, contender] of contenders.entries()) paces[index]?.push(await createsPerSecond(contender))
  }
  const [ours = 0, bare = 0] = paces.map((each) => percentile(each, 50))
  const figures = `kubette ${ours.toFixed(0)}/s, bare ${bare.toFixed(0)}/s, ratio ${(ours / bare).toFixed(2)}`
  console.log(`durable creates with ${CLIENTS} clients, median of ${ROUNDS} rounds: ${figures}`)
} finally {
  for (const contender of contenders) await contender.stop()
  rmSync(directory, { recursive: true, force: true })
}
