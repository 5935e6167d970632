import { readFile, statfs } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'

/** What the machine says of itself beside its container runtime. Absent: it cannot be told here. */
export interface Machine {
  machineId?: string
  bootId?: string
  /** Where others reach it. */
  address?: string
  availableMemoryBytes?: number
  disk?: { totalBytes: number; availableBytes: number }
  processes?: { running: number; max: number }
}

/** From Linux' own files; never rejects. In a container they mostly show the machine too. */
export async function readMachine(): Promise<Machine> {
  const [machineId, bootId, memory, load, pidMax, disk] = await Promise.all([
    firstLine('/etc/machine-id'),
    firstLine('/proc/sys/kernel/random/boot_id'),
    contentOf('/proc/meminfo'),
    firstLine('/proc/loadavg'),
    firstLine('/proc/sys/kernel/pid_max'),
    statfs('/').catch(() => undefined),
  ])
  const availableKiB = /^MemAvailable:\s+(\d+) kB$/m.exec(memory ?? '')?.[1]
  const running = /\d+\/(\d+)/.exec(load ?? '')?.[1]
  return {
    ...(machineId ? { machineId } : {}),
    ...(bootId ? { bootId } : {}),
    ...withAddress(networkInterfaces()),
    ...(availableKiB ? { availableMemoryBytes: Number(availableKiB) * 1024 } : {}),
    ...(running && pidMax ? { processes: { running: Number(running), max: Number(pidMax) } } : {}),
    ...(disk ? { disk: { totalBytes: disk.blocks * disk.bsize, availableBytes: disk.bavail * disk.bsize } } : {}),
  }
}

/** The first IPv4 address that others can reach; bridges of container runtimes are not. */
function withAddress(interfaces: ReturnType<typeof networkInterfaces>): { address?: string } {
  const usable = Object.entries(interfaces).filter(([name]) => !/^(docker|br-|veth|cni|virbr|lo)/.test(name))
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
