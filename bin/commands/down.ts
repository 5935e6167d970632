import type { Command } from 'commander'
import { pino } from 'pino'
import { removeDevices } from '../../agent/network/fabric/remove-devices.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { type Removed, removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { createLogger, type Logger } from '../../shared/log.ts'
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
    const removed = await removeCluster(clusterId, clock, log).catch((error: Error) => {
      throw new CommandFailure(`Docker does not let go of the cluster's containers: ${error.message}`)
    })
    const list = Object.entries(removed).map(([what, count]) => `${count} ${what}`)
    console.log(`kubette: removed ${list.join(', ')}`)
  }
  removeDataFiles(dataDir)
}

/** The device between the cluster's machines goes first: it is reached through a container. */
async function removeCluster(clusterId: string, clock: Clock, log: Logger): Promise<Removed> {
  const runtime = createDockerRuntime({ clusterId, nodeName: 'down', clock, log })
  await removeDevices(runtime, clusterId, new AbortController().signal).catch((error: Error) => {
    log.warn({ err: error }, 'the network device of the cluster could not be removed')
  })
  return removeEverything({ clusterId, clock, log })
}
