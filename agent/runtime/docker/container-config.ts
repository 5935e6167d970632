import type { Device } from '../../devices/device.ts'
import type {
  ContainerResources,
  ContainerSpec,
  Namespaces,
  NetworkContainerSpec,
  PodIdentity,
  PublishedPort,
  SandboxSpec,
} from '../runtime.ts'
import { annotationLabels, LABELS, type Labels, type Ownership, ownerLabels, podLabels } from './labels.ts'
import { type DockerMount, sandboxMounts } from './mounts.ts'
import { machineHostsText, nameFiles } from './name-files.ts'
import { NAME_FILES, sandboxFile } from './sandbox-files.ts'
import { securityOptions } from './security-options.ts'

/** A daemon may have another log driver as its default, or let logs grow without end. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } }
export const CPU_PERIOD_US = 100_000
const USUAL_NAMESPACES: Namespaces = { processes: 'container', ipc: 'pod', hostname: 'pod' }

/** Readable in `docker ps`; unique by the Pod's UID and the count of restarts. */
export function containerName({ pod, name, restartCount }: ContainerSpec): string {
  return `kubette_${name}_${podPart(pod)}_${restartCount}`
}

export function sandboxName(pod: PodIdentity): string {
  return `kubette_POD_${podPart(pod)}`
}

function podPart({ name, namespace, uid }: PodIdentity): string {
  return `${name}_${namespace}_${uid.slice(0, 8)}`
}

/** What the spec of a sandbox does not say. */
export interface SandboxDetails {
  image: string
  /** That Docker links it to. */
  network?: NetworkConfig | undefined
  oomScoreAdj: number
  /** The text of the machine's own `/etc/hosts`. */
  machineHosts?: string | undefined
  /** Volumes in memory are kept from swap. */
  noswap: boolean
}

/** The body of `POST /containers/create` for a sandbox. */
export function sandboxConfig(spec: SandboxSpec, owner: Ownership, details: SandboxDetails) {
  const { image, network, oomScoreAdj, machineHosts, noswap } = details
  const { ports, domain, namespaces = USUAL_NAMESPACES } = spec
  const isLinkedByAgent = spec.linkedBy === 'agent'
  const files = spec.hostNetwork ? machineFilesOf(spec, machineHosts) : filesOf(spec)
  return {
    Image: image,
    ...(files === undefined ? {} : { Cmd: files }),
    ...(spec.hostNetwork ? {} : { Hostname: spec.hostname, ...(domain ? { Domainname: domain } : {}) }),
    Labels: sandboxLabels(spec, owner),
    OpenStdin: !spec.hostNetwork,
    // A namespace with nothing but the loopback, which costs Docker a third of what a network does.
    ...(isLinkedByAgent ? { NetworkDisabled: true } : {}),
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    ...(network ? { NetworkingConfig: network.config } : {}),
    HostConfig: {
      NetworkMode: isLinkedByAgent ? 'none' : (network?.mode ?? 'host'),
      IpcMode: namespaces.ipc === 'node' ? 'host' : 'shareable',
      ...(namespaces.processes === 'node' ? { PidMode: 'host' } : {}),
      ...hostnameConfig(namespaces),
      Sysctls: spec.sysctls ?? {},
      PortBindings: portBindings(ports),
      ...(files === undefined || spec.hostNetwork ? dockerNames(spec, files === undefined) : {}),
      Mounts: sandboxMounts(spec, owner, noswap),
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none' },
      CpuShares: 2,
      OomScoreAdj: oomScoreAdj,
      // A /sys of the Pod's own network that is first mounted read-only stays so for each container there.
      Privileged: !spec.hostNetwork && (spec.privileged ?? false),
      CapDrop: ['ALL'],
      // For the socket relay, in a network of the Pod's own; its containers' capabilities are theirs.
      ...(spec.hostNetwork ? {} : { CapAdd: ['NET_ADMIN'] }),
      SecurityOpt: ['no-new-privileges'],
    },
  }
}

function sandboxLabels({ pod, linkedBy, address }: SandboxSpec, owner: Ownership): Labels {
  const labels = { ...ownerLabels(owner), ...podLabels(pod), [LABELS.kind]: 'sandbox' }
  return linkedBy === 'agent' && address !== undefined ? { ...labels, [LABELS.address]: address } : labels
}

/**
 * Files that the sandbox's program writes: paths and texts. Where Docker makes some it is over those, which would name a
 * resolver of its own. The Pod's address must be known beforehand.
 */
function filesOf({ address, dns, linkedBy, ...names }: SandboxSpec): string[] | undefined {
  if (address === undefined || dns === undefined) return undefined
  const texts = nameFiles(names, address, dns)
  return Object.entries(NAME_FILES).flatMap(([path, name]) => {
    return [linkedBy === 'agent' ? sandboxFile(name) : path, texts[name]]
  })
}

/** Docker copies the machine's own file, but not where it is to add something. */
function machineFilesOf(spec: SandboxSpec, machineHosts: string | undefined): string[] | undefined {
  return machineHosts === undefined ? undefined : ['/etc/hosts', machineHostsText(machineHosts, spec)]
}

/** What Docker is to write into the same files; `isAdding` what the Pod adds to `/etc/hosts`, too. */
function dockerNames({ dns, hosts }: SandboxSpec, isAdding: boolean) {
  return {
    ...(dns ? dnsConfig(dns) : {}),
    ExtraHosts: (isAdding ? hosts : []).flatMap(({ ip, hostnames }) =>
      hostnames.map((hostname) => `${hostname}:${ip}`),
    ),
  }
}

/** A lone dot keeps Docker from adding the machine's own searches. */
function dnsConfig({ servers, searches, options }: NonNullable<SandboxSpec['dns']>) {
  return { Dns: servers, DnsSearch: searches.length > 0 ? searches : ['.'], DnsOptions: options }
}

/** What the spec of a container only names. */
export interface CreateDetails {
  mounts: readonly DockerMount[]
  /** Instead of the spec's `command` and `args`. */
  command?: readonly [program: string, ...arguments: string[]]
  /** JSON. */
  seccompProfile: string | undefined
}

/** The body of `POST /containers/create` for a container of a Pod. */
export function containerConfig(
  spec: ContainerSpec,
  owner: Ownership,
  { mounts, command, seccompProfile }: CreateDetails,
) {
  return {
    Image: spec.imageId,
    ...(command ? { Entrypoint: command } : commandConfig(spec)),
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
    ...(spec.securityContext?.user === undefined ? {} : { User: spec.securityContext.user }),
    ...(spec.stopSignal === undefined ? {} : { StopSignal: spec.stopSignal }),
    Env: spec.env.map(({ name, value }) => `${name}=${value}`),
    Tty: spec.tty,
    OpenStdin: spec.stdin,
    StdinOnce: spec.stdinOnce,
    /** Probes are the Pod's; the image's own check would only cost. */
    Healthcheck: { Test: ['NONE'] },
    Labels: containerLabels(spec, owner),
    HostConfig: {
      NetworkMode: `container:${spec.sandboxId}`,
      ...namespaceConfig(spec),
      Mounts: mounts,
      RestartPolicy: { Name: 'no' },
      LogConfig: LOG_CONFIG,
      ...resourceConfig(spec.resources),
      Devices: (spec.devices ?? []).map(deviceConfig),
      OomScoreAdj: spec.oomScoreAdj,
      ...securityConfig(spec, seccompProfile),
    },
  }
}

/** What is absent is as the image says. */
function commandConfig({ command, args }: ContainerSpec) {
  return { ...(command ? { Entrypoint: command } : {}), ...(args ? { Cmd: args } : {}) }
}

function containerLabels(spec: ContainerSpec, owner: Ownership): Labels {
  return {
    ...annotationLabels(spec.annotations),
    ...ownerLabels(owner),
    ...podLabels(spec.pod),
    [LABELS.kind]: 'container',
    [LABELS.containerName]: spec.name,
    [LABELS.sandbox]: spec.sandboxId,
    [LABELS.restartCount]: String(spec.restartCount),
    [LABELS.specHash]: spec.specHash,
    [LABELS.resources]: JSON.stringify(spec.resources),
    [LABELS.image]: spec.image,
    ...(spec.imageDigest === undefined ? {} : { [LABELS.imageDigest]: spec.imageDigest }),
    ...(spec.terminationMessage ? { [LABELS.messagePath]: spec.terminationMessage.path } : {}),
  }
}

/** Also the body of `POST /containers/{id}/update`. */
export function resourceConfig({ cpuShares, cpuLimitMilli, memoryLimitBytes }: ContainerResources) {
  const quota = ((cpuLimitMilli ?? 0) * CPU_PERIOD_US) / 1000
  return {
    ...(cpuShares === undefined ? {} : { CpuShares: cpuShares }),
    ...(cpuLimitMilli === undefined ? {} : { CpuPeriod: CPU_PERIOD_US, CpuQuota: quota }),
    ...(memoryLimitBytes === undefined ? {} : { Memory: memoryLimitBytes, MemorySwap: memoryLimitBytes }),
  }
}

function deviceConfig({ hostPath, containerPath, permissions }: Device) {
  return { PathOnHost: hostPath, PathInContainer: containerPath, CgroupPermissions: permissions }
}

function namespaceConfig({ sandboxId, processesOf, namespaces = USUAL_NAMESPACES }: ContainerSpec) {
  const ofSandbox = `container:${sandboxId}`
  return {
    IpcMode: namespaces.ipc === 'node' ? 'host' : ofSandbox,
    ...(namespaces.processes === 'container' ? {} : { PidMode: namespaces.processes === 'node' ? 'host' : ofSandbox }),
    ...(processesOf === undefined ? {} : { PidMode: `container:${processesOf}` }),
    ...hostnameConfig(namespaces),
  }
}

function hostnameConfig({ hostname }: Namespaces) {
  return hostname === 'node' ? { UTSMode: 'host' } : {}
}

function securityConfig({ securityContext = {} }: ContainerSpec, seccompProfile: string | undefined) {
  return {
    Privileged: securityContext.privileged ?? false,
    ReadonlyRootfs: securityContext.readOnlyRootFilesystem ?? false,
    CapAdd: securityContext.addCapabilities ?? [],
    CapDrop: securityContext.dropCapabilities ?? [],
    GroupAdd: (securityContext.supplementalGroups ?? []).map(String),
    SecurityOpt: securityOptions(securityContext, seccompProfile),
  }
}

/** How a container joins the Pods' network. */
export interface NetworkConfig {
  mode: string
  config: object
}

/** The body of `POST /containers/create` for a container of the node's own. Without `network` it has the machine's. */
export function networkContainerConfig(
  { name, ports = [], sysctls = {} }: NetworkContainerSpec,
  owner: Ownership,
  image: string,
  network: NetworkConfig | undefined,
  oomScoreAdj: number,
) {
  return {
    Image: image,
    OpenStdin: true,
    Labels: { ...ownerLabels(owner), [LABELS.kind]: 'network-container', [LABELS.networkContainer]: name },
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    ...(network ? { NetworkingConfig: network.config } : {}),
    HostConfig: {
      NetworkMode: network?.mode ?? 'host',
      // To find sandboxes' networks by their processes.
      ...(network ? {} : { PidMode: 'host', UsernsMode: 'host' }),
      Sysctls: sysctls,
      PortBindings: portBindings(ports),
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none' },
      OomScoreAdj: oomScoreAdj,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      SecurityOpt: ['no-new-privileges'],
    },
  }
}

function portBindings(ports: readonly PublishedPort[]) {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const port of ports) {
    const binding = { HostIp: port.hostIP ?? '', HostPort: String(port.hostPort) }
    bindings[portKey(port)] = [...(bindings[portKey(port)] ?? []), binding]
  }
  return bindings
}

function portKey({ containerPort, protocol }: PublishedPort): string {
  return `${containerPort}/${protocol.toLowerCase()}`
}
