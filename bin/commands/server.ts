import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { type Command, Option } from 'commander'
import type { ClusterNetwork } from '../../controlplane/core.ts'
import { startControlPlane } from '../../controlplane/main.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { createLogger, type Logger } from '../../shared/log.ts'
import { systemRandom } from '../../shared/random.ts'
import { ApiClient } from '../api-client.ts'
import { CommandFailure } from '../command-failure.ts'
import { VERSION } from '../installation.ts'
import { createJoinToken, type NewToken } from '../join-token.ts'
import { keepTokenIn } from '../kept-token.ts'
import { advertisedAddress, clusterNetworkOf, type NetworkOptionValues, networkOptions } from '../network-options.ts'
import { DEFAULT_PORT, dataDirectory, parsePort } from '../options.ts'
import { claimProcessFile } from '../process-file.ts'
import { announceReady, whenAskedToStop } from '../process-lifetime.ts'

interface ServerOptions extends NetworkOptionValues {
  data?: string
  port: number
  host?: string[]
  writeToken?: string
  logLevel: string
}

export function addServerCommand(program: Command): void {
  const command = program
    .command('server')
    .description('Run the control plane on this machine.')
    .option(
      '--host <address...>',
      'address or name under which agents and kubectl reach this machine (default: this machine and its Pods only)',
    )
    .option('--port <port>', 'the one port of the API and of the agents', parsePort, DEFAULT_PORT)
    .option(
      '--data <dir>',
      'where the state, the CA and the kubeconfig are kept (default: $KUBETTE_DATA or ~/.kubette)',
    )
    .option('--write-token <file>', 'keep a join token there, always one that is good for some hours more')
    .addOption(
      new Option('--log-level <level>', 'what is logged: this and what is worse')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kubette server --host 10.0.0.5\n  kubette server --host cluster.lan 10.0.0.5 --port 6443',
    )
    .action(runServer)
  for (const option of networkOptions()) command.addOption(option.helpGroup('Options for the network:'))
}

async function runServer(options: ServerOptions): Promise<void> {
  const network = clusterNetworkOf(options)
  // See kubette.js.
  setFlagsFromString('--opt')
  setFlagsFromString('--sparkplug')
  const stopped = whenAskedToStop()
  const dataDir = dataDirectory(options.data)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const release = claimProcessFile(join(dataDir, 'server.pid'))
  const log = createLogger('server', options.logLevel)
  while ((await serve(options, { dataDir, network, stopped, log })) === RESTORE);
  release()
  process.exit(0)
}

interface Serving {
  dataDir: string
  network: ClusterNetwork
  stopped: Promise<string>
  log: Logger
}

/** As the reason of an end: there is a backup's state to go on with. */
const RESTORE = 'a restore'

/** Resolves to why it has ended, once all of it has. */
async function serve(options: ServerOptions, { dataDir, network, stopped, log }: Serving): Promise<string> {
  const hosts = options.host ?? []
  const clock = systemClock()
  let onRestore = () => {}
  const restored = new Promise<string>((resolve) => {
    onRestore = () => resolve(RESTORE)
  })
  const starting = startControlPlane({
    dataDir,
    port: options.port,
    // Without an address that others can reach, nothing but this machine should.
    isOpen: hosts.length > 0,
    hosts,
    network,
    advertisedAddress: () => advertisedAddress(options.advertiseAddress, hosts),
    machineName: hostname(),
    version: VERSION,
    clock,
    random: systemRandom,
    log,
    onRestore,
    onOutcomeUnknown: endAtOnce,
  }).catch((error: Error) => {
    throw new CommandFailure(`the control plane cannot start: ${error.message}`)
  })
  const started = await Promise.race([starting, stopped])
  if (typeof started === 'string') {
    // What the start has under way may be left as in a crash: nobody was served yet.
    log.info({ reason: started }, 'stopping before the start is done')
    return started
  }
  const { url, kubeconfigPath } = started
  console.log(`kubette server: ${url}, kubeconfig ${kubeconfigPath}`)
  const stopKeeping = options.writeToken && (await keepToken(options.writeToken, kubeconfigPath, clock, log))
  announceReady()
  const reason = await Promise.race([stopped, restored])
  log.info({ reason }, 'stopping')
  if (stopKeeping) stopKeeping()
  await started.close()
  return reason
}

/** Nobody is answered any more, so that nobody is told what may not be so. The next start finds what is on disk. */
function endAtOnce(error: Error): never {
  console.error(`kubette: the control plane ends, to start again from what is on disk: ${error.message}`)
  process.exit(1)
}

async function keepToken(file: string, kubeconfigPath: string, clock: Clock, log: Logger): Promise<() => void> {
  const api = ApiClient.fromKubeconfig(kubeconfigPath)
  const create = (token: NewToken) => createJoinToken(api, token)
  const stop = await keepTokenIn(file, { create, clock, random: systemRandom, log })
  return () => {
    stop()
    api.close()
  }
}
