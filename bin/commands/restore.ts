import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type Backup, readBackup } from '../../controlplane/backup/backup-file.ts'
import { restoreBackup } from '../../controlplane/backup/restore.ts'
import { openSqliteStore } from '../../controlplane/store/sqlite-store.ts'
import { PRIVATE_DIRECTORY_MODE } from '../../shared/durable-file.ts'
import { systemRandom } from '../../shared/random.ts'
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
    .description('Bring back the cluster that a backup holds, before the server is started again.')
    .option('--data <dir>', "the server's directory (default: $KUBETTE_DATA or ~/.kubette)")
    .option('--replace', 'throw away the cluster that is in the directory now')
    .addHelpText(
      'after',
      '\nNodes and kubeconfigs of that cluster go on working. What was changed after the backup is as it was then.' +
        '\n\nExamples:\n  kubette restore /mnt/nas/kubette-monday.backup' +
        '\n  kubette restore ./now.backup --data ./try --replace',
    )
    .action((file: string, options: RestoreOptions) => runRestore(resolve(file), options))
}

async function runRestore(file: string, options: RestoreOptions): Promise<void> {
  const dataDir = dataDirectory(options.data)
  const backup = await read(file)
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_DIRECTORY_MODE })
  const release = claimProcessFile(join(dataDir, 'server.pid'))
  try {
    await checkFree(dataDir, options.replace ?? false)
    await restoreBackup(dataDir, backup, systemRandom)
  } finally {
    release()
  }
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
async function checkFree(dataDir: string, mayReplace: boolean): Promise<void> {
  const state = join(dataDir, 'state.db')
  if (!existsSync(state) && !existsSync(join(dataDir, 'pki'))) return
  if (!mayReplace) throw new CommandFailure(`${dataDir} holds a cluster; --replace throws it away`)
  if (!existsSync(state)) return
  try {
    await (await openSqliteStore(state)).close()
  } catch (error) {
    if (/locked/.test((error as Error).message))
      throw new CommandFailure(`a server is running on ${dataDir}: stop it first`)
    // Damaged: a reason to restore, not one against it.
  }
}
