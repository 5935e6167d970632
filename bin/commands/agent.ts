import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { allThresholds, type EvictionPolicy } from '../../agent/eviction/eviction-policy.ts'
import { startAgent } from '../../agent/main.ts'
import type { NodeOffer } from '../../agent/node/node-capacity.ts'
import { type Clock, sleep, systemClock } from '../../shared/clock.ts'
import { createLogger, type Logger } from '../../shared/log.ts'
import { systemRandom } from '../../shared/random.ts'
import { CommandFailure } from '../command-failure.ts'
import { VERSION } from '../installation.ts'
import { type NodeOptionValues, nodeOptions } from '../node-options.ts'
import { dataDirectory, parseCapacity, parseNodeName, parseServerUrl } from '../options.ts'
import { claimProcessFile } from '../process-file.ts'
import { announceReady, whenAskedToStop } from '../process-lifetime.ts'

interface AgentOptions extends NodeOptionValues {
  server: string
  token?: string
  tokenFile?: string
  name?: string
  data?: string
  capacity?: Record<string, string>
  logLevel: string
  drain: boolean
}

export function addAgentCommand(program: Command): void {
  const command = program
    .command('agent')
    .description('Make this machine a node: run its Pods through Docker.')
    .requiredOption('--server <url>', 'the control plane, such as https://10.0.0.5:7443', parseServerUrl)
    .option('--token <token>', 'a join token, needed once (see `kubette token create`; also read from $KUBETTE_TOKEN)')
    .option('--token-file <file>', 'a file that holds the join token, which keeps it out of the process list')
    .option('--name <name>', "the node's name (default: this machine's)", parseNodeName)
    .option(
      '--data <dir>',
      "where the node's key and certificate are kept (default: $KUBETTE_DATA/agent or ~/.kubette/agent)",
    )
    .option(
      '--capacity <resources>',
      'what to offer, such as cpu=2,memory=4Gi,pods=50 (default: all of it)',
      parseCapacity,
    )
    .addOption(
      new Option('--log-level <level>', 'what is logged: this and what is worse')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    // To show what is lost without it.
    .addOption(new Option('--no-drain').hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  kubette agent --server https://10.0.0.5:7443 --token-file ./token\n' +
        '  kubette agent --server https://10.0.0.5:7443 --name pi-2 --labels disk=sd --capacity memory=2Gi\n' +
        '  kubette agent --server https://10.0.0.5:7443 --device example.com/dongle=/dev/ttyUSB0 --system-reserved memory=512Mi',
    )
    .action(runAgent)
  for (const option of nodeOptions()) command.addOption(option.helpGroup('Options for the node:'))
}

async function runAgent(options: AgentOptions): Promise<void> {
  const stopped = whenAskedToStop()
  const clock = systemClock()
  const dataDir = options.data ? dataDirectory(options.data) : join(dataDirectory(undefined), 'agent')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const log = createLogger('agent', options.logLevel)
  // A node whose disk is full must come up all the same: it is the agent that makes room.
  const release = claimProcessFile(join(dataDir, 'agent.pid'), ({ message }) => log.warn(message))
  const starting = new AbortController()
  void stopped.then(() => starting.abort())
  const agent = await startAgent({
    serverUrl: options.server,
    token: (isNeeded) => joinToken(options, isNeeded, clock, log, starting.signal),
    nodeName: options.name ?? defaultNodeName(),
    dataDir,
    offer: offerOf(options),
    devices: options.device,
    eviction: evictionOf(options),
    imageCollection: options.imageGc,
    labels: options.labels ?? {},
    allowedHostPaths: options.allowHostPath,
    allowedUnsafeSysctls: options.allowedUnsafeSysctls ?? [],
    ...(options.seccompProfiles === undefined ? {} : { seccompProfiles: options.seccompProfiles }),
    ...(options.resolvConf === undefined ? {} : { resolvConf: options.resolvConf }),
    drainsPods: options.drain,
    takesShortcuts: options.shortcuts,
    version: VERSION,
    clock,
    random: systemRandom,
    log,
    signal: starting.signal,
  }).catch((error: Error) => {
    if (starting.signal.aborted) process.exit(0)
    throw new CommandFailure(`the agent cannot start: ${error.message}`)
  })
  announceReady()
  log.info({ reason: await stopped }, 'stopping; containers go on running')
  await agent.close()
  release()
  process.exit(0)
}

/** Throws a CommandFailure where a name is given both by count and by devices. */
function offerOf({ capacity = {}, systemReserved = {}, resource, device }: AgentOptions): NodeOffer {
  const twice = device.find(({ resource: name }) => Object.hasOwn(resource, name))
  if (twice) throw new CommandFailure(`${twice.resource} is given by --resource and by --device: choose one`)
  return { capacity, reserved: systemReserved, extended: resource }
}

/** Throws a CommandFailure where a soft threshold has no grace period. */
function evictionOf(options: AgentOptions): EvictionPolicy {
  const { evictionHard: hard, evictionSoft: soft, evictionSoftGracePeriod: softGraceMs } = options
  try {
    return {
      thresholds: allThresholds({ hard, soft, softGraceMs, minimumReclaim: options.evictionMinimumReclaim }),
      maxPodGraceSeconds: options.evictionMaxPodGracePeriod,
      transitionMs: options.evictionPressureTransitionPeriod,
    }
  } catch (error) {
    throw new CommandFailure((error as Error).message)
  }
}

/** A token file may come later than the agent; who waits for it says so once. */
async function joinToken(
  options: AgentOptions,
  isNeeded: boolean,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { tokenFile } = options
  if (!tokenFile) return options.token ?? process.env.KUBETTE_TOKEN
  if (!isNeeded) return existsSync(tokenFile) ? readFileSync(tokenFile, 'utf8').trim() : undefined
  if (!existsSync(tokenFile)) log.info({ file: tokenFile }, 'waiting for the token file')
  while (!existsSync(tokenFile)) await sleep(clock, 500, signal)
  return readFileSync(tokenFile, 'utf8').trim()
}

function defaultNodeName(): string {
  return hostname().toLowerCase().replaceAll('_', '-')
}
