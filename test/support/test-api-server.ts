import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificateAuthenticator } from '../../controlplane/apiserver/auth/certificate-authenticator.ts'
import type { Authorizer } from '../../controlplane/apiserver/auth/identity.ts'
import { writeAdminKubeconfig } from '../../controlplane/apiserver/auth/pki/admin-kubeconfig.ts'
import {
  type CertificateAuthority,
  openCertificateAuthority,
} from '../../controlplane/apiserver/auth/pki/certificate-authority.ts'
import { issueServerCredentials } from '../../controlplane/apiserver/auth/pki/server-certificate.ts'
import type { NodeStreams } from '../../controlplane/apiserver/node-streams.ts'
import { createApiServer } from '../../controlplane/apiserver/server.ts'
import type { ApiServerOptions } from '../../controlplane/apiserver/server-options.ts'
import { versionInfo } from '../../controlplane/apiserver/version.ts'
import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../controlplane/registry/namespaces.ts'
import type { Registry } from '../../controlplane/registry/registry.ts'
import { MemoryStore } from '../../controlplane/store/memory-store.ts'
import { ApiError } from '../../shared/api/api-error.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { generateKeyPair, privateKeyPem } from '../../shared/pki/key-pair.ts'
import { systemRandom } from '../../shared/random.ts'

/** A real API server on loopback over a memory store, with a CA of its own. */
export interface TestApiServer {
  readonly registry: Registry
  readonly port: number
  readonly url: string
  /** The CA's certificate, PEM. */
  readonly ca: string
  /** With an admin's certificate. */
  readonly kubeconfig: string
  /** A new client certificate. */
  clientCertificate(name: string, groups?: string[]): Promise<{ cert: string; key: string }>
  close(): Promise<void>
}

const ALLOW_ALL: Authorizer = { authorize: () => ({ allowed: true }) }
const NO_NODES: NodeStreams = {
  open: (node) => Promise.reject(new ApiError('ServiceUnavailable', `node ${node} is not connected`)),
}

export async function startTestApiServer(options: Partial<ApiServerOptions> = {}): Promise<TestApiServer> {
  const [clock, random] = [options.clock ?? systemClock(), systemRandom]
  const directory = await mkdtemp(join(tmpdir(), 'kubette-test-'))
  const ca = await openCertificateAuthority(join(directory, 'pki'), systemClock(), random)
  const registry = options.registry ?? createRegistry({ store: new MemoryStore(), clock, random })
  await bootstrapNamespaces(registry)
  const server = createApiServer({
    registry,
    authenticator: createCertificateAuthenticator(systemClock()),
    authorizer: ALLOW_ALL,
    nodeStreams: NO_NODES,
    clock,
    random,
    log: silentLogger,
    version: versionInfo('0.0.0'),
    serverAddress: '127.0.0.1:7443',
    healthChecks: [],
    tls: { ...(await issueServerCredentials(ca, [])), ca: ca.pem },
    ...options,
  })
  const port = await server.listen('127.0.0.1', 0)
  const url = `https://127.0.0.1:${port}`
  const kubeconfig = join(directory, 'kubeconfig')
  await writeAdminKubeconfig(kubeconfig, { ca, serverUrl: url, random })
  return {
    registry,
    port,
    url,
    ca: ca.pem,
    kubeconfig,
    clientCertificate: (name, groups = []) => issueClient(ca, name, groups),
    async close() {
      await server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function issueClient(ca: CertificateAuthority, name: string, groups: string[]) {
  const keys = await generateKeyPair()
  const subject = [...groups.map((group) => ({ O: [group] })), { CN: [name] }]
  const certificate = await ca.issue({
    subject,
    publicKey: keys.publicKey,
    usage: 'clientAuth',
    validityMs: 3_600_000,
  })
  return { cert: certificate.toString('pem'), key: await privateKeyPem(keys) }
}
