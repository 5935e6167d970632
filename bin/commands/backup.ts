import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { writeBackup } from '../../controlplane/backup/backup-file.ts'
import { takeSnapshot } from '../../controlplane/backup/take-snapshot.ts'
import { VOLATILE_PREFIXES } from '../../controlplane/registry/storage-keys.ts'
import { openSqliteStore } from '../../controlplane/store/sqlite-store.ts'
import { systemClock, timestamp } from '../../shared/clock.ts'
import { isErrno } from '../../shared/durable-file.ts'
import { SNAPSHOT_PATH, type Snapshot } from '../../shared/protocol/snapshot.ts'
import { systemRandom } from '../../shared/random.ts'
import { ApiClient } from '../api-client.ts'
import { CommandFailure } from '../command-failure.ts'
import { clusterIdsIn } from '../data-directory.ts'
import { dataDirectory } from '../options.ts'

export function addBackupCommand(program: Command): void {
  program
    .command('backup <file>')
    .description(
      "Copy the cluster's state and its CA into a file, on the server's machine, while the server runs or not.",
    )
    .option('--data <dir>', "the server's directory (default: $KUBETTE_DATA or ~/.kubette)")
    .addHelpText(
      'after',
      "\nThe file holds every Secret and the CA's private key: who can read it owns the cluster. Its mode is 0600." +
        '\n\nExamples:\n  kubette backup /mnt/nas/kubette-monday.backup\n  kubette backup ./now.backup --data ./try',
    )
    .action((file: string, options: { data?: string }) => runBackup(resolve(file), dataDirectory(options.data)))
}

async function runBackup(file: string, dataDir: string): Promise<void> {
  if (existsSync(file)) throw new CommandFailure(`${file} exists already`)
  const [clusterId] = await clusterIdsIn(dataDir)
  if (!existsSync(join(dataDir, 'state.db')) || !clusterId) {
    throw new CommandFailure(`${dataDir} holds no control plane: back up where the server runs`)
  }
  const pki = Object.fromEntries(
    ['ca.crt', 'ca.key'].map((name) => [name, readFileSync(join(dataDir, 'pki', name), 'utf8')]),
  )
  try {
    const snapshot = (await fromServer(dataDir)) ?? (await fromFiles(dataDir))
    await writeBackup(file, { clusterId, takenAt: timestamp(systemClock().now()), pki, snapshot }, systemRandom)
    const count = snapshot.objects.length
    console.log(`kubette: ${count} objects and the CA are in ${file}; it is secret: keep it where only you can read it`)
  } catch (error) {
    throw new CommandFailure(`no backup was made: ${(error as Error).message}`)
  }
}

/** What the server that runs on `dataDir` has now; undefined where there is none. */
async function fromServer(dataDir: string): Promise<Snapshot | undefined> {
  if (!existsSync(join(dataDir, 'kubeconfig'))) return undefined
  const api = ApiClient.fromKubeconfig(join(dataDir, 'kubeconfig'))
  try {
    return await api.call<Snapshot>('GET', SNAPSHOT_PATH)
  } catch (error) {
    if (isErrno(error, 'ECONNREFUSED')) return undefined
    throw error
  } finally {
    api.close()
  }
}

async function fromFiles(dataDir: string): Promise<Snapshot> {
  const store = await openSqliteStore(join(dataDir, 'state.db'))
  try {
    return await takeSnapshot(store, VOLATILE_PREFIXES)
  } finally {
    await store.close()
  }
}
