import type { StatsFs } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'

/** What the machine says of itself beside its container runtime. Absent: it cannot be told here. */
export interface Machine {
  machineId?: string
  bootId?: string
  /** Where others reach it. */
  address?: string
  memory?: { totalBytes: number; availableBytes: number }
  /** The filesystem that the container runtime uses; without inodes where it does not count them. */
  disk?: { totalBytes: number; availableBytes: number; inodes?: { total: number; free: number } }
  processes?: { running: number; max: number }
}

/** Which machine it is, and where: what hardly ever changes, and takes a while to find where there are many links. */
export type MachineIdentity = Pick<Machine, 'machineId' | 'bootId' | 'address'>

/**
 * From Linux' own files; never rejects. In a container they mostly show the machine too: there `dataRoot`, the container
 * runtime's directory, is not seen, but the root is on the same filesystem. `identity`: as it was found before, if it need
 * not be found again.
 */
export async function readMachine(dataRoot = '/', identity?: MachineIdentity): Promise<Machine> {
  const [{ machineId, bootId, address }, memory, load, pidMax, disk] = await Promise.all([
    identity ?? readIdentity(),
    contentOf('/proc/meminfo'),
    firstLine('/proc/loadavg'),
    firstLine('/proc/sys/kernel/pid_max'),
    statfs(dataRoot).catch(() => statfs('/').catch(() => undefined)),
  ])
  const running = /\d+\/(\d+)/.exec(load ?? '')?.[1]
  return {
    ...(machineId ? { machineId } : {}),
    ...(bootId ? { bootId } : {}),
    ...(address ? { address } : {}),
    ...memoryOf(memory ?? ''),
    ...(running && pidMax ? { processes: { running: Number(running), max: Number(pidMax) } } : {}),
    ...(disk ? { disk: diskOf(disk) } : {}),
  }
}

async function readIdentity(): Promise<MachineIdentity> {
  const [machineId, bootId] = await Promise.all([
    firstLine('/etc/machine-id'),
    firstLine('/proc/sys/kernel/random/boot_id'),
  ])
  return { ...(machineId ? { machineId } : {}), ...(bootId ? { bootId } : {}), ...withAddress(networkInterfaces()) }
}

function memoryOf(meminfo: string): Pick<Machine, 'memory'> {
  const bytesOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1]) * 1024
  const [totalBytes, availableBytes] = [bytesOf('MemTotal'), bytesOf('MemAvailable')]
  return Number.isNaN(totalBytes + availableBytes) ? {} : { memory: { totalBytes, availableBytes } }
}

function diskOf({ blocks, bavail, bsize, files, ffree }: StatsFs): NonNullable<Machine['disk']> {
  const inodes = files > 0 ? { inodes: { total: files, free: ffree } } : {}
  return { totalBytes: blocks * bsize, availableBytes: bavail * bsize, ...inodes }
}

/** The first IPv4 address that others can reach; bridges of container runtimes are not. */
function withAddress(interfaces: ReturnType<typeof networkInterfaces>): { address?: string } {
  const usable = Object.entries(interfaces).filter(([name]) => !/^(docker|br-|veth|cni|virbr|kbb-|lo)/.test(name))
  const all = usable.flatMap(([, addresses]) => addresses ?? [])
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  return found ? { address: found.address } : {}
}

async function firstLine(path: string): Promise<string | undefined> {
  return (await contentOf(path))?.split('\n')[0]?.trim()
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
