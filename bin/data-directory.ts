import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CredentialStore, certificateHash } from '../agent/connection/node-credentials.ts'
import { clusterIdOf } from '../controlplane/cluster-id.ts'
import { isErrno } from '../shared/durable-file.ts'
import { systemRandom } from '../shared/random.ts'

/** All that Kubette writes into a data directory, as a server or as an agent. */
const SERVER_FILES = [
  'pki',
  'kubeconfig',
  'state.db',
  'state.db-wal',
  'state.db-shm',
  'state.db.new',
  'server.pid',
  'restore.new',
  'restore',
]
const AGENT_FILES = ['node.key', 'identity.json', 'agent.pid', 'pulled-images.json', 'network.json']
const UP_FILES = ['nodes', 'logs', 'up.pid', 'ranges.json']
const AGENT_DIRECTORY = 'agent'

/** The clusters whose server or agents keep their data there. Throws where the files are damaged. */
export async function clusterIdsIn(dataDir: string): Promise<string[]> {
  const found = new Set<string>()
  const caFile = join(dataDir, 'pki', 'ca.crt')
  if (existsSync(caFile)) found.add(clusterIdOf({ hash: certificateHash(readFileSync(caFile, 'utf8')) }))
  for (const directory of agentDirectories(dataDir)) {
    const credentials = await new CredentialStore(directory, systemRandom).load()
    if (credentials) found.add(credentials.clusterId)
  }
  return [...found]
}

/** Removes Kubette's files, and the directory itself where nothing else is in it. */
export function removeDataFiles(dataDir: string): void {
  const agentFiles = AGENT_FILES.map((name) => join(AGENT_DIRECTORY, name))
  for (const name of [...SERVER_FILES, ...AGENT_FILES, ...UP_FILES, ...agentFiles]) {
    rmSync(join(dataDir, name), { recursive: true, force: true })
  }
  removeIfEmpty(join(dataDir, AGENT_DIRECTORY))
  removeIfEmpty(dataDir)
}

function agentDirectories(dataDir: string): string[] {
  const nodes = join(dataDir, 'nodes')
  const underUp = existsSync(nodes) ? readdirSync(nodes).map((name) => join(nodes, name)) : []
  return [dataDir, join(dataDir, AGENT_DIRECTORY), ...underUp]
}

function removeIfEmpty(directory: string): void {
  if (!existsSync(directory) || readdirSync(directory).length > 0) return
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!isErrno(error, 'EBUSY')) throw error // in a container it is where a volume is mounted
  }
}
