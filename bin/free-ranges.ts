import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DockerApi } from '../agent/runtime/docker/docker-api.ts'
import type { Clock } from '../shared/clock.ts'
import { writeDurably } from '../shared/durable-file.ts'
import { Ipv4Range } from '../shared/ipv4-range.ts'
import type { Random } from '../shared/random.ts'
import { CommandFailure } from './command-failure.ts'
import { DEFAULT_PORT } from './options.ts'

/** What a cluster has its addresses from, such as `10.42.0.0/16` and `10.43.0.0/16`: side by side, so that one range holds both. */
export interface ClusterRanges {
  clusterCidr: string
  serviceCidr: string
}

export interface FreeRangesOptions {
  dataDir: string
  /** Clusters on one machine have different ones: those that start at once do not look for ranges from the same place. */
  port: number
  clock: Clock
  random: Random
}

const FIRST = 42
const LAST = 254
const CHOICES = (LAST - FIRST) / 2 + 1

/**
 * The ranges of a cluster that is all on this machine, where others may be too: at its first start those that nobody has,
 * and the same ever after. Undefined for a cluster that began without. Throws a CommandFailure where none is free.
 */
export async function freeRanges(options: FreeRangesOptions): Promise<ClusterRanges | undefined> {
  const { dataDir, port, clock, random } = options
  const path = join(dataDir, 'ranges.json')
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as ClusterRanges
  if (existsSync(join(dataDir, 'state.db'))) return undefined
  const ranges = choose(await dockerRanges(clock), machineRanges(readRoutes()), port)
  if (!ranges) throw new CommandFailure('every range from 10.42.0.0/15 to 10.254.0.0/15 is in use on this machine')
  await writeDurably(path, JSON.stringify(ranges), random)
  return ranges
}

/** The first that is free, for the usual port from 10.42.0.0 on. */
export function choose(
  docker: readonly Ipv4Range[],
  machine: readonly Ipv4Range[],
  port: number,
): ClusterRanges | undefined {
  const taken = [...docker, ...machine]
  const start = (((port - DEFAULT_PORT) % CHOICES) + CHOICES) % CHOICES
  for (let tries = 0; tries < CHOICES; tries++) {
    const second = FIRST + 2 * ((start + tries) % CHOICES)
    const whole = Ipv4Range.parse(`10.${second}.0.0/15`)
    if (taken.some((range) => range.overlaps(whole))) continue
    return { clusterCidr: `10.${second}.0.0/16`, serviceCidr: `10.${second + 1}.0.0/16` }
  }
  return undefined
}

/** What the machine's routes lead to, but for the default route; from the text of `/proc/net/route`. */
export function machineRanges(routes: string): Ipv4Range[] {
  const rows = routes.split('\n').slice(1)
  return rows.flatMap((row) => {
    const [, destination = '', , , , , , mask = ''] = row.split('\t')
    const length = bitsOf(mask)
    return length === 0 ? [] : (Ipv4Range.tryParse(`${addressOf(destination)}/${length}`) ?? [])
  })
}

async function dockerRanges(clock: Clock): Promise<Ipv4Range[]> {
  interface Network {
    IPAM: { Config: { Subnet?: string }[] | null }
  }
  const networks = await new DockerApi({}, clock).json<Network[]>({ method: 'GET', path: '/networks' })
  const subnets = networks.flatMap(({ IPAM }) => IPAM.Config ?? []).map(({ Subnet = '' }) => Subnet)
  return subnets.flatMap((subnet) => Ipv4Range.tryParse(subnet) ?? [])
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8')
  } catch {
    return '' // not Linux: Docker has a machine of its own there
  }
}

/** The kernel prints the bytes of an address as one number of the machine's. */
function addressOf(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().join('.')
}

function bitsOf(mask: string): number {
  return [...Buffer.from(mask, 'hex')].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
}
