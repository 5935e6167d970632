import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { InvalidArgumentError, Option } from 'commander'
import type { ClusterNetwork } from '../controlplane/core.ts'
import { DEFAULT_NODE_PORTS, type PortRange } from '../controlplane/registry/services/service-network.ts'
import { DEFAULT_CLUSTER_FACTS } from '../shared/cluster-facts.ts'
import { Ipv4Range } from '../shared/ipv4-range.ts'
import { CommandFailure } from './command-failure.ts'

const LOOPBACK = Ipv4Range.parse('127.0.0.0/8')

/** What `networkOptions` give. */
export interface NetworkOptionValues {
  clusterCidr: Ipv4Range
  serviceCidr: Ipv4Range
  serviceNodePortRange: PortRange
  advertiseAddress?: string
}

/** Of what the cluster's network is made: for `kubette server`, and for `kubette up`, which passes it on. */
export function networkOptions(): Option[] {
  const { clusterCIDR, serviceCIDR } = DEFAULT_CLUSTER_FACTS
  return [
    new Option('--cluster-cidr <range>', "what the nodes' ranges for Pods are cut from, 256 addresses each")
      .argParser(rangeOfAtLeast(256))
      .default(Ipv4Range.parse(clusterCIDR), clusterCIDR),
    new Option('--service-cidr <range>', 'what Services have their addresses from; a cluster keeps it')
      .argParser(rangeOfAtLeast(16))
      .default(Ipv4Range.parse(serviceCIDR), serviceCIDR),
    new Option('--service-node-port-range <first-last>', 'what Services have their node ports from')
      .argParser(parsePortRange)
      .default(DEFAULT_NODE_PORTS, `${DEFAULT_NODE_PORTS.first}-${DEFAULT_NODE_PORTS.last}`),
    new Option(
      '--advertise-address <ip>',
      "where Pods reach the API (default: the first address among --host but the loopback's, or this machine's first)",
    ).argParser(parseAddress),
  ]
}

/** Throws a CommandFailure where the ranges of Pods and Services overlap. */
export function clusterNetworkOf(options: NetworkOptionValues): ClusterNetwork {
  const { clusterCidr, serviceCidr, serviceNodePortRange } = options
  if (clusterCidr.overlaps(serviceCidr)) {
    throw new CommandFailure(`--cluster-cidr ${clusterCidr} and --service-cidr ${serviceCidr} overlap`)
  }
  return { podRange: clusterCidr, services: { addresses: serviceCidr, nodePorts: serviceNodePortRange } }
}

/** Undefined on a machine that has no address but its own loopback, which to a Pod is the Pod's. */
export function advertisedAddress(given: string | undefined, hosts: readonly string[]): string | undefined {
  return given ?? hosts.find((host) => isIPv4(host) && LOOPBACK.placeOf(host) === undefined) ?? firstAddress()
}

function firstAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}

function rangeOfAtLeast(least: number): (text: string) => Ipv4Range {
  return (text) => {
    const range = parseRange(text)
    if (range.size < least) throw new InvalidArgumentError(`${text} has less than ${least} addresses.`)
    return range
  }
}

function parseRange(text: string): Ipv4Range {
  try {
    return Ipv4Range.parse(text)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as RangeError).message}.`)
  }
}

function parsePortRange(text: string): PortRange {
  const [first, last] = text.split('-').map(Number)
  const isRange = /^\d+-\d+$/.test(text) && first !== undefined && last !== undefined
  if (!isRange || first < 1 || last > 65_535 || first > last) {
    throw new InvalidArgumentError('give two ports, such as 30000-32767.')
  }
  return { first, last }
}

function parseAddress(text: string): string {
  if (!isIPv4(text) || text.startsWith('127.') || text === '0.0.0.0') {
    throw new InvalidArgumentError('give an IPv4 address of this machine that its Pods can reach.')
  }
  return text
}
