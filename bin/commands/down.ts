import type { Command } from 'commander'
import { pino } from 'pino'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import { systemClock } from '../../shared/clock.ts'
import { createLogger } from '../../shared/log.ts'
import { CommandFailure } from '../command-failure.ts'
import { clusterIdsIn, removeDataFiles } from '../data-directory.ts'
import { dataDirectory } from '../options.ts'
import { stopProcesses } from '../process-file.ts'

export function addDownCommand(program: Command): void {
  program
    .command('down')
    .description(
      'Remove all that Kubette made on this machine: containers, networks, volumes, images and data. Nothing else.',
    )
    .option('--data <dir>', 'the directory that up, server or agent was given (default: $KUBETTE_DATA or ~/.kubette)')
    .addHelpText('after', '\nExamples:\n  kubette down\n  kubette down --data ./try')
    .action((options: { data?: string }) => runDown(dataDirectory(options.data)))
}

async function runDown(dataDir: string): Promise<void> {
  const clock = systemClock()
  const log = createLogger('down', 'warn', pino.destination(2))
  await stopProcesses(dataDir, clock)
  const clusterIds = await clusterIdsIn(dataDir)
  if (clusterIds.length === 0) console.log(`kubette: ${dataDir} holds no cluster: no container to remove`)
  for (const clusterId of clusterIds) {
    const removed = await removeEverything({ clusterId, clock, log }).catch((error: Error) => {
      throw new CommandFailure(`Docker does not let go of the cluster's containers: ${error.message}`)
    })
    const list = Object.entries(removed).map(([what, count]) => `${count} ${what}`)
    console.log(`kubette: removed ${list.join(', ')}`)
  }
  removeDataFiles(dataDir)
}
