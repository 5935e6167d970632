import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/log.ts'
import type { Random } from '../shared/random.ts'
import { createAuthorizer } from './apiserver/auth/authorizer.ts'
import { createCertificateAuthenticator } from './apiserver/auth/certificate-authenticator.ts'
import { createAgentEndpoint } from './apiserver/auth/join/agent-endpoint.ts'
import { createJoinRoutes } from './apiserver/auth/join/join-routes.ts'
import { serverUrl, writeAdminKubeconfig } from './apiserver/auth/pki/admin-kubeconfig.ts'
import { type CertificateAuthority, openCertificateAuthority } from './apiserver/auth/pki/certificate-authority.ts'
import { issueServerCredentials, renewServerCredentials } from './apiserver/auth/pki/server-certificate.ts'
import { registryNodeLookup } from './apiserver/auth/registry-node-lookup.ts'
import { removeExpiredTokens } from './apiserver/auth/tokens.ts'
import { localPeers } from './apiserver/http/local-peers.ts'
import { createRestoreRoute } from './apiserver/restore-route.ts'
import { type ApiServer, createApiServer } from './apiserver/server.ts'
import type { TlsOptions } from './apiserver/server-options.ts'
import { createSnapshotRoute } from './apiserver/snapshot-route.ts'
import { versionInfo } from './apiserver/version.ts'
import { finishRestore, isRestoreReady } from './backup/restore.ts'
import { takeSnapshot } from './backup/take-snapshot.ts'
import { clusterIdOf } from './cluster-id.ts'
import { type ClusterNetwork, type Core, startCore } from './core.ts'
import { VOLATILE_PREFIXES } from './registry/storage-keys.ts'
import { openSqliteStore } from './store/sqlite-store.ts'
import type { Store } from './store/store.ts'

export interface ControlPlaneOptions {
  /** Holds the state, the CA and the kubeconfig; made where it is missing. */
  dataDir: string
  port: number
  /** Whether other machines may connect; otherwise this one may, and the Pods on it. */
  isOpen: boolean
  /** How others reach this machine; the kubeconfig names the first, or 127.0.0.1 where there is none. */
  hosts: readonly string[]
  /** One more name that the server's certificate is good for. */
  machineName: string
  network: ClusterNetwork
  /** Where Pods reach this machine: an IPv4 address, and another when it has another. Undefined where it has none. */
  advertisedAddress: () => string | undefined
  version: string
  clock: Clock
  random: Random
  log: Logger
  /** A restore was made ready: close, and start again, which takes it. */
  onRestore(): void
  /** The store cannot know any more what is on disk, or it has lost its thread: the process must end, and start anew. */
  onOutcomeUnknown(error: Error): void
}

export interface ControlPlane {
  readonly url: string
  readonly kubeconfigPath: string
  close(): Promise<void>
}

const TOKEN_CLEANUP_MS = 3_600_000

/** Resolves when the API is served. Rejects, with nothing left running, where something it needs cannot be had. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataDir, port, hosts, network, advertisedAddress, clock, random, log } = options
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await finishRestore(dataDir)
  const ca = await openCertificateAuthority(join(dataDir, 'pki'), clock, random)
  const addresses = [network.services.addresses.at(1), advertisedAddress()].filter((address) => address !== undefined)
  const names = [...hosts, options.machineName, ...addresses]
  const credentials = await issueServerCredentials(ca, names)
  const store = await openSqliteStore(join(dataDir, 'state.db'), {
    volatilePrefixes: VOLATILE_PREFIXES,
    onOutcomeUnknown: options.onOutcomeUnknown,
  })
  const api = { port, address: advertisedAddress }
  const coreOptions = { store, clusterId: clusterIdOf(ca), clock, random, log, network, api }
  const core = await startCore(coreOptions).catch(async (error) => {
    await store.close()
    throw error
  })
  const tls = { ...credentials, ca: ca.pem }
  const apiServer = createDoors(options, core, store, ca, tls)
  const end = endOf(store, core, apiServer)
  const url = serverUrl(hosts[0] ?? '127.0.0.1', port)
  const kubeconfigPath = join(dataDir, 'kubeconfig')
  try {
    await apiServer.listen('0.0.0.0', port)
    await writeAdminKubeconfig(kubeconfigPath, { ca, serverUrl: url, random })
  } catch (error) {
    await end()
    throw error
  }
  const renewal = renewServerCredentials({
    ca,
    hosts: names,
    clock,
    log,
    use: (credentials) => apiServer.setTls({ ...credentials, ca: ca.pem }),
  })
  const cleanup = clock.every(TOKEN_CLEANUP_MS, () => {
    removeExpiredTokens(core.registry, clock).catch((error) => log.warn({ err: error }, 'expired tokens not removed'))
  })
  log.info({ url, clusterId: clusterIdOf(ca) }, 'the API is served')
  return {
    url,
    kubeconfigPath,
    async close() {
      renewal.stop()
      cleanup.cancel()
      await end()
    },
  }
}

function createDoors(
  { dataDir, isOpen, port, network, advertisedAddress, clock, random, log, version, onRestore }: ControlPlaneOptions,
  core: Core,
  store: Store,
  ca: CertificateAuthority,
  tls: TlsOptions,
): ApiServer {
  const { registry, nodeHub } = core
  const snapshot = () => takeSnapshot(store, VOLATILE_PREFIXES)
  // Named as upstream's: what asks for it knows no other store.
  const storeCheck = { name: 'etcd', check: async () => void (await store.get('/registry/health')) }
  const authenticator = createCertificateAuthenticator(clock)
  const authorizer = createAuthorizer(registryNodeLookup(registry))
  const shared = { registry, authenticator, clock, log }
  return createApiServer({
    ...shared,
    random,
    authorizer,
    nodeStreams: nodeHub,
    version: versionInfo(version),
    serverAddress: `${advertisedAddress() ?? '127.0.0.1'}:${port}`,
    healthChecks: [storeCheck],
    tls,
    ...(isOpen ? {} : { admits: localPeers(network.podRange) }),
    extraRoutes: [
      ...createJoinRoutes({ ...shared, ca, clusterId: clusterIdOf(ca) }),
      createSnapshotRoute({ authenticator, authorizer, clock, log, snapshot }),
      createRestoreRoute({
        authenticator,
        authorizer,
        log,
        isReady: () => isRestoreReady(dataDir),
        restore: onRestore,
      }),
    ],
    upgradeHandlers: [createAgentEndpoint({ clock, accept: nodeHub.accept })],
  })
}

/** From the door inwards: nobody is answered by something that has already gone. */
function endOf(store: Store, core: Core, apiServer: ApiServer): () => Promise<void> {
  return async () => {
    core.nodeHub.close()
    await apiServer.close()
    await core.stop()
    await store.close()
  }
}
