import { hostname } from 'node:os'
import { type Command, Option } from 'commander'
import { startControlPlane } from '../../controlplane/main.ts'
import { systemClock } from '../../shared/clock.ts'
import { createLogger } from '../../shared/log.ts'
import { systemRandom } from '../../shared/random.ts'
import { CommandFailure } from '../command-failure.ts'
import { DEFAULT_PORT, dataDirectory, parsePort } from '../options.ts'
import { announceReady, whenAskedToStop } from '../process-lifetime.ts'

interface ServerOptions {
  data?: string
  port: number
  host?: string[]
  logLevel: string
}

export function addServerCommand(program: Command, version: string): void {
  program
    .command('server')
    .description('Run the control plane on this machine.')
    .option(
      '--host <address...>',
      'address or name under which agents and kubectl reach this machine (default: this machine only)',
    )
    .option('--port <port>', 'the one port of the API and of the agents', parsePort, DEFAULT_PORT)
    .option(
      '--data <dir>',
      'where the state, the CA and the kubeconfig are kept (default: $KUBETTE_DATA or ~/.kubette)',
    )
    .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .addHelpText(
      'after',
      '\nExamples:\n  kubette server --host 10.0.0.5\n  kubette server --host cluster.lan 10.0.0.5 --port 6443',
    )
    .action((options: ServerOptions) => runServer(options, version))
}

async function runServer(options: ServerOptions, version: string): Promise<void> {
  const stopped = whenAskedToStop()
  const dataDir = dataDirectory(options.data)
  const log = createLogger('server', options.logLevel)
  const controlPlane = await startControlPlane({
    dataDir,
    port: options.port,
    // Without an address that others can reach, nothing but this machine should.
    bindAddress: options.host ? '0.0.0.0' : '127.0.0.1',
    hosts: options.host ?? [],
    machineName: hostname(),
    version,
    clock: systemClock(),
    random: systemRandom,
    log,
  }).catch((error: Error) => {
    throw new CommandFailure(`the control plane cannot start: ${error.message}`)
  })
  console.log(`kubette server: ${controlPlane.url}, kubeconfig ${controlPlane.kubeconfigPath}`)
  announceReady()
  log.info({ reason: await stopped }, 'stopping')
  await controlPlane.close()
  process.exit(0)
}
