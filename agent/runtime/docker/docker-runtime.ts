import type { Readable } from 'node:stream'
import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import { type Random, systemRandom } from '../../../shared/random.ts'
import type {
  ContainerState,
  ImageState,
  LogOptions,
  RegistryCredentials,
  Runtime,
  RuntimeInfo,
  RuntimeListing,
  SandboxSpec,
  SandboxState,
} from '../runtime.ts'
import { Attachments } from './attachments.ts'
import { podChanges } from './container-changes.ts'
import { type ContainerInspect, containerState, isSandbox, mountsVolumes, sandboxState } from './container-inspect.ts'
import { containerLogs } from './container-logs.ts'
import { ContainerMounts } from './container-mounts.ts'
import { ContainerNotes } from './container-notes.ts'
import { ContainerSecrets } from './container-secrets.ts'
import { ContainerUsages } from './container-usages.ts'
import { ContainerUsers } from './container-users.ts'
import { Containers } from './containers.ts'
import { DiskUsages } from './disk-usages.ts'
import { DockerApi, type DockerOptions } from './docker-api.ts'
import { Execs } from './execs.ts'
import { HostPaths } from './host-paths.ts'
import { Images } from './images.ts'
import type { Ownership } from './labels.ts'
import { connectToLoopback } from './loopback.ts'
import { MemoryVolumes } from './memory-volumes.ts'
import { MessageFiles } from './message-files.ts'
import { nameMounts } from './name-files.ts'
import { NetworkContainers } from './network-containers.ts'
import { Networks } from './networks.ts'
import { OomKills } from './oom-kills.ts'
import { OomProtection } from './oom-protection.ts'
import { OtherContainers } from './other-containers.ts'
import { ownPaths } from './own-paths.ts'
import { PauseImage } from './pause-image.ts'
import { SandboxFiles } from './sandbox-files.ts'
import { SandboxProcesses } from './sandbox-processes.ts'
import { Sandboxes } from './sandboxes.ts'
import { SeccompProfiles } from './seccomp-profiles.ts'
import { SecretsLender } from './secrets-lender.ts'
import { RelayOpener } from './sockets/relay-opener.ts'
import { stopSignal } from './stop-signal.ts'
import { TmpfsNoswap } from './tmpfs-noswap.ts'
import { VolumeOwnership } from './volume-ownership.ts'
import { VolumeWriter } from './volume-writer.ts'
import { Volumes } from './volumes.ts'
import { WritableSysfs } from './writable-sysfs.ts'

export interface DockerRuntimeOptions extends Ownership {
  /** Where Docker is; by default as `DOCKER_HOST` says, or Docker's usual socket. */
  docker?: DockerOptions
  /** Files of this agent that no Pod may reach, as this process sees them. */
  ownFiles?: readonly string[]
  clock: Clock
  random?: Random
  log: Logger
  /** When to give up a pull that shows no progress; by default after a minute. */
  pullDeadlineMs?: number
  /** Where the machine's seccomp profiles are; by default there are none. */
  seccompDirectory?: string
}

interface DockerInfo {
  ServerVersion: string
  OSType: string
  OperatingSystem: string
  KernelVersion: string
  NCPU: number
  MemTotal: number
  ContainersRunning: number
  SecurityOptions: string[] | null
  DockerRootDir: string
}

const INFO_TIMEOUT_MS = 15_000

/** Runs Pods on Docker 20.10 or newer. Sees and touches only what carries this cluster's and this node's labels. */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  const { clusterId, nodeName, clock, log } = options
  const owner = { clusterId, nodeName }
  const docker = new DockerApi(options.docker ?? {}, clock)
  const containers = new Containers(docker, owner, clock)
  const execs = new Execs(docker, clock)
  const attachments = new Attachments(docker, containers)
  const relays = new RelayOpener({ docker, containers, execs, clock, random: options.random ?? systemRandom })
  const volumes = new Volumes(docker, owner)
  const memory = new MemoryVolumes(docker, containers, execs, owner)
  const writer = new VolumeWriter(docker, execs, memory, clock)
  const mounts = new ContainerMounts(docker, containers, memory, clock)
  const pause = new PauseImage(docker, clusterId)
  const networks = new Networks(docker, owner)
  const oom = new OomProtection()
  const oomKills = new OomKills()
  const networkContainers = new NetworkContainers({ docker, containers, networks, pause, oom, owner, clock })
  const hostPaths = new HostPaths({ docker, containers, pause, owner, clock })
  const ownership = new VolumeOwnership({ docker, containers, pause, owner, clock })
  const sysfs = new WritableSysfs({ docker, containers, pause, owner })
  const files = new SandboxFiles(containers)
  const messages = new MessageFiles(docker, containers, files)
  const notes = new ContainerNotes(docker)
  const images = new Images(docker, clock, options.pullDeadlineMs)
  const users = new ContainerUsers(docker, containers, owner)
  const noswap = new TmpfsNoswap(docker)
  const lender = new SecretsLender({ docker, containers, pause, noswap, owner })
  const secrets = new ContainerSecrets({ docker, containers, memory, users, lender })
  const usage = new ContainerUsages(docker, clock)
  const others = new OtherContainers({ docker, containers, usages: usage, owner, clock })
  const disks = new DiskUsages(docker, containers, owner)
  const processes = new SandboxProcesses()
  const profiles = new SeccompProfiles(options.seccompDirectory)
  const sandboxes = new Sandboxes({
    containers,
    volumes,
    ownership,
    files,
    owner,
    networks,
    hostPaths,
    pause,
    oom,
    noswap,
    log,
  })

  return {
    version: () => version(docker),
    list: (podUid) => list(containers, { volumes, users, processes, oomKills }, podUid),
    glance: () => containers.glance(),
    ensurePodNetwork: (network) => networks.use(network),
    podNetwork: (name) => networks.find(name),
    runNetworkContainer: (spec) => networkContainers.run(spec),
    networkContainers: (scope) => networkContainers.list(scope),
    removeNetworkContainer: (id) => containers.remove(id),
    networkEvents: (signal, scope) => networkContainers.events(signal, scope),
    runSandbox: async (spec: SandboxSpec): Promise<SandboxState> => {
      const sandbox = await sandboxes.run(spec)
      memory.started(sandbox.id)
      return sandbox
    },
    hasEnded: ({ id }) => processes.hasEnded(id),
    stopSandbox: (id) => containers.signal(id, 'KILL'),
    removeSandbox: (id) => {
      files.forget(id)
      processes.forget(id)
      memory.removed(id)
      return containers.remove(id)
    },
    createContainer: async (spec) => {
      const place = await files.of(spec.sandboxId)
      const [resolved, message, seccompProfile, securityContext] = await Promise.all([
        mounts.resolve(spec),
        messages.mount(spec),
        profiles.load(spec.securityContext),
        users.settled(spec),
        sysfs.provide(spec),
      ])
      const settled = { ...spec, securityContext }
      const secret = await secrets.provide(spec)
      const details = {
        mounts: [...resolved, ...nameMounts(spec, place), ...message, ...(secret ? [secret.mount] : [])],
        ...(secret ? { command: secret.command } : {}),
        seccompProfile,
      }
      const id = await containers.create(settled, details).catch(async (error: unknown) => {
        await secret?.loan?.end()
        throw error
      })
      if (secret) secrets.created(id, secret)
      if (spec.stdin) attachments.created(id, spec)
      return id
    },
    startContainer: async (id) => {
      await attachments.starting(id)
      await containers.start(id).finally(() => secrets.started(id))
    },
    updateContainer: (id, resources) => containers.update(id, resources),
    stopContainer: (id) => stop(containers, id),
    killContainer: (id) => containers.signal(id, 'KILL'),
    removeContainer: async (id) => {
      await containers.remove(id)
      attachments.removed(id)
      await secrets.removed(id)
    },
    writeVolume: (sandboxId, volume, files) => writer.write(sandboxId, volume, files),
    terminationMessage: (id, signal) => messages.read(id, signal),
    keepNote: (container, note) => notes.keep(container, note),
    note: (container) => notes.read(container),
    hostPath: (path) => hostPaths.inspect(path),
    createHostPath: (path, type) => hostPaths.create(path, type),
    ownPaths: () => ownPaths(docker, hostPaths, options),
    removeClaimVolume: (id) => volumes.removeClaim(id),
    removeVolumes: (podUid) => volumes.remove(podUid),
    usage: (ids) => usage.read(ids),
    otherContainers: () => others.list(),
    diskUsage: (podUid) => disks.read(podUid),
    exec: async (id, command, timeoutMs) => execs.run(id, await secrets.inside(id, command), timeoutMs),
    isExecuting: async (id, command) => execs.isRunning(id, await secrets.inside(id, command)),
    openExec: async (id, command, streams, signal) => {
      return execs.open(id, await secrets.inside(id, command), streams, signal)
    },
    attach: (id, streams, signal) => attachments.attach(id, streams, signal),
    openSockets: (id, signal) => relays.open(id, signal),
    connect: (sandboxId, port, signal) => connectToLoopback(execs, sandboxId, port, signal),
    inspectImage: (reference): Promise<ImageState | undefined> => images.inspect(reference),
    removeImage: (reference, id) => images.remove(reference, id),
    listImages: () => images.list(),
    pullImage: (reference: string, signal: AbortSignal, credentials?: RegistryCredentials) =>
      images.pull(reference, signal, credentials),
    logs: (id: string, logOptions: LogOptions, signal: AbortSignal): Promise<Readable> => {
      if (logOptions.tailLines === undefined && logOptions.since === undefined) attachments.logRead(id)
      return containerLogs(docker, containers, id, logOptions, signal)
    },
    events: (signal) => {
      memory.restarted().catch((err: unknown) => log.debug({ err }, 'did not look for volumes that nothing uses'))
      return podChanges(docker, owner, clock, signal)
    },
  }
}

async function version(docker: DockerApi): Promise<RuntimeInfo> {
  const info = await docker.json<DockerInfo>({ method: 'GET', path: '/info', timeoutMs: INFO_TIMEOUT_MS })
  return {
    name: 'docker',
    version: info.ServerVersion.split('+')[0] ?? info.ServerVersion,
    operatingSystem: info.OSType,
    osImage: info.OperatingSystem,
    kernelVersion: info.KernelVersion,
    architecture: await docker.architecture(),
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    runningContainers: info.ContainersRunning,
    hasAppArmor: (info.SecurityOptions ?? []).some((option) => option.split(',').includes('name=apparmor')),
    dataRoot: info.DockerRootDir,
  }
}

interface ListingParts {
  volumes: Volumes
  users: ContainerUsers
  processes: SandboxProcesses
  oomKills: OomKills
}

async function list(
  containers: Containers,
  { volumes, users, processes, oomKills }: ListingParts,
  podUid: string | undefined,
): Promise<RuntimeListing> {
  const found = (await containers.list(podUid)).map((container) => oomKills.completed(container))
  const sandboxes = found.filter(isSandbox)
  await Promise.all(sandboxes.map((sandbox) => processes.look(sandbox)))
  // Docker takes its time over volumes, and a Pod whose sandbox mounts none has none.
  const mayHaveVolumes = podUid === undefined || sandboxes.length === 0 || sandboxes.some(mountsVolumes)
  const kept = mayHaveVolumes ? await volumes.list(podUid) : []
  return {
    sandboxes: sandboxes.map(sandboxState),
    containers: await Promise.all(
      found.filter((container) => !isSandbox(container)).map((container) => stateWithUser(container, users)),
    ),
    volumes: kept.map(({ pod, name }) => ({ pod, name })),
  }
}

async function stateWithUser(container: ContainerInspect, users: ContainerUsers): Promise<ContainerState> {
  const user = await users.of(container)
  return { ...containerState(container), ...(user ? { user } : {}) }
}

async function stop(containers: Containers, id: string): Promise<void> {
  const container = await containers.inspect(id)
  if (container) await containers.signal(id, stopSignal(container.Config.StopSignal))
}
