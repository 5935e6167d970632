import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type Backup, readBackup } from '../../controlplane/backup/backup-file.ts'
import { isRestoreReady, prepareRestore, restoreBackup } from '../../controlplane/backup/restore.ts'
import { openSqliteStore } from '../../controlplane/store/sqlite-store.ts'
import { sleep, systemClock } from '../../shared/clock.ts'
import { PRIVATE_DIRECTORY_MODE } from '../../shared/durable-file.ts'
import { RESTORE_PATH } from '../../shared/protocol/restore.ts'
import { systemRandom } from '../../shared/random.ts'
import { ApiClient } from '../api-client.ts'
import { CommandFailure } from '../command-failure.ts'
import { dataDirectory } from '../options.ts'
import { claimProcessFile } from '../process-file.ts'

interface RestoreOptions {
  data?: string
  replace?: boolean
}

export function addRestoreCommand(program: Command): void {
  program
    .command('restore <file>')
    .description('Bring back the cluster that a backup holds, while the server runs or not.')
    .option('--data <dir>', "the server's directory (default: $KUBETTE_DATA or ~/.kubette)")
    .option('--replace', 'throw away the cluster that is in the directory now')
    .addHelpText(
      'after',
      '\nNodes and kubeconfigs of that cluster go on working. What was changed after the backup is as it was then.' +
        '\nA server that runs ends all connections, and goes on with what the backup holds.' +
        '\n\nExamples:\n  kubette restore /mnt/nas/kubette-monday.backup' +
        '\n  kubette restore ./now.backup --data ./try --replace',
    )
    .action((file: string, options: RestoreOptions) => runRestore(resolve(file), options))
}

async function runRestore(file: string, options: RestoreOptions): Promise<void> {
  const dataDir = dataDirectory(options.data)
  const backup = await read(file)
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_DIRECTORY_MODE })
  const holdsCluster = existsSync(join(dataDir, 'state.db')) || existsSync(join(dataDir, 'pki'))
  if (holdsCluster && !options.replace) throw new CommandFailure(`${dataDir} holds a cluster; --replace throws it away`)
  if (await isServed(dataDir)) await restoreServed(dataDir, backup)
  else await restoreUnserved(dataDir, backup)
  const { clusterId, takenAt, snapshot } = backup
  console.log(`kubette: ${dataDir} holds cluster ${clusterId} as of ${takenAt}, ${snapshot.objects.length} objects`)
}

async function read(file: string): Promise<Backup> {
  try {
    return await readBackup(file)
  } catch (error) {
    throw new CommandFailure(`cannot restore ${file}: ${(error as Error).message}`)
  }
}

/** A server in a container has a process id that means nothing here; the lock on its file does. */
async function isServed(dataDir: string): Promise<boolean> {
  const state = join(dataDir, 'state.db')
  if (!existsSync(state)) return false
  try {
    await (await openSqliteStore(state)).close()
    return false
  } catch (error) {
    // Damaged: a reason to restore, not one against it.
    return /locked/.test((error as Error).message)
  }
}

async function restoreUnserved(dataDir: string, backup: Backup): Promise<void> {
  const release = claimProcessFile(join(dataDir, 'server.pid'))
  try {
    await restoreBackup(dataDir, backup, systemRandom)
  } finally {
    release()
  }
}

/** Nothing is changed where the server cannot be asked; where its answer is lost, its next start takes the backup. */
async function restoreServed(dataDir: string, backup: Backup): Promise<void> {
  await ask(dataDir, 'GET', '/version').catch((error: Error) => {
    throw new CommandFailure(`the server that runs on ${dataDir} cannot be asked; stop it first: ${error.message}`)
  })
  await prepareRestore(dataDir, backup, systemRandom)
  try {
    await ask(dataDir, 'POST', RESTORE_PATH)
    await whenServedAgain(dataDir)
  } catch (error) {
    const why = (error as Error).message
    throw new CommandFailure(`the server has not taken the backup yet, it does when it starts next: ${why}`)
  }
}

const PATIENCE_MS = 60_000

async function whenServedAgain(dataDir: string): Promise<void> {
  const clock = systemClock()
  const deadline = clock.monotonic() + PATIENCE_MS
  const answers = () =>
    ask(dataDir, 'GET', '/version').then(
      () => true,
      () => false,
    )
  while (isRestoreReady(dataDir) || !(await answers())) {
    if (clock.monotonic() > deadline) throw new Error(`it is not back after ${PATIENCE_MS / 1000} s`)
    await sleep(clock, 100)
  }
}

/** As the administrator whose kubeconfig the server wrote last. */
async function ask(dataDir: string, method: string, path: string): Promise<void> {
  const api = ApiClient.fromKubeconfig(join(dataDir, 'kubeconfig'))
  try {
    await api.call(method, path)
  } finally {
    api.close()
  }
}
