import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { ApiHttp } from '../support/api-http.ts'
import { connectTo } from '../support/connect-to.ts'
import { freePort, KUBETTE } from '../support/kubette.ts'

/** A `kubette server` process of its own, to be ill-treated. */
export interface Target {
  readonly url: string
  readonly port: number
  readonly ca: string
  /** The administrator's. */
  readonly tls: { readonly cert: string; readonly key: string }
  readonly api: ApiHttp
  readonly isAlive: boolean
  /** Mebibytes that the process holds. */
  residentMebibytes(): number
  /** Sockets that the process holds, listening ones included. */
  openSockets(): number
  stop(): Promise<void>
}

export async function startTarget(): Promise<Target> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kubette-fuzz-'))
  const port = await freePort()
  const args = [KUBETTE, 'server', '--data', dataDir, '--port', String(port), '--log-level', 'error']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const connection = connectTo(join(dataDir, 'kubeconfig'))
  return {
    ...connection,
    get isAlive() {
      return child.exitCode === null && child.signalCode === null
    },
    residentMebibytes: () => residentMebibytes(child),
    openSockets: () => openSockets(child),
    async stop() {
      connection.api.close()
      if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function residentMebibytes({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
}

function openSockets({ pid }: ChildProcess): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((name) => targetOf(join(folder, name)).startsWith('socket:')).length
}

/** Nothing for a file that was closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

/** An HTTP/2 connection of the administrator's that lets all errors pass, and the socket beneath it. */
export function openSession({ url, port, ca, tls }: Target) {
  const socket = connectTls({ port, host: '127.0.0.1', ca, ...tls, ALPNProtocols: ['h2'] }).on('error', () => {})
  const session = connect(url, { createConnection: () => socket }).on('error', () => {})
  return { session, socket }
}
