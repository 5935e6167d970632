import { type Command, Option } from 'commander'
import { systemClock } from '../../shared/clock.ts'
import { DemoCluster } from '../demo-cluster.ts'
import { networkOptions } from '../network-options.ts'
import { nodeOptions } from '../node-options.ts'
import { DEFAULT_PORT, dataDirectory, parseCount, parsePort } from '../options.ts'
import { addPassedOnOptions } from '../passed-on-options.ts'
import { whenAskedToStop } from '../process-lifetime.ts'

interface UpOptions {
  data?: string
  port: number
  nodes: number
  example: boolean
}

export function addUpCommand(program: Command): void {
  const command = program
    .command('up')
    .description("Run a control plane and several nodes on this machine's Docker, and show them coming up.")
    .option('--data <dir>', 'where all state is kept (default: $KUBETTE_DATA or ~/.kubette)')
    .option('--port <port>', 'the port of the API', parsePort, DEFAULT_PORT)
    .option('--nodes <count>', 'how many nodes to divide this machine into', parseCount(50), 3)
    .addOption(new Option('--no-example', 'do not apply examples/hello.yaml'))
    .addHelpText(
      'after',
      "\nA device is the first node's alone. Everything else of a node is the same for all.\n" +
        '\nExamples:\n  kubette up\n  kubette up --nodes 5 --no-example\n  kubette up --data ./try --port 7500',
    )
    .action((options: UpOptions) => runUp(options, serverArguments, nodeArguments))
  const serverArguments = addPassedOnOptions(command, networkOptions(), 'Options for the network:')
  const nodeArguments = addPassedOnOptions(command, nodeOptions(), 'Options for the nodes:')
}

async function runUp(
  options: UpOptions,
  serverArguments: readonly string[],
  nodeArguments: readonly string[],
): Promise<void> {
  const stopped = whenAskedToStop()
  const cluster = new DemoCluster({
    dataDir: dataDirectory(options.data),
    port: options.port,
    nodes: options.nodes,
    example: options.example,
    serverArguments,
    nodeArguments,
    clock: systemClock(),
    screen: process.stdout,
  })
  let isAsked = false
  const stopping = stopped.then(async (reason) => {
    isAsked = true
    console.log(`\nkubette: ${reason}: stopping the control plane and the agents; Pods run on`)
    await cluster.stop()
    process.exit(0)
  })
  try {
    await cluster.start()
  } catch (error) {
    if (!isAsked) {
      await cluster.stop()
      throw error
    }
  }
  await stopping
}
