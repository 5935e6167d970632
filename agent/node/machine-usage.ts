import { readFile } from 'node:fs/promises'
import type { ContainerUsage } from '../runtime/runtime.ts'

/** What everything on the machine uses together. */
export type MachineUsage = Omit<ContainerUsage, 'processes'>

/** The kernel counts in hundredths of a second, whatever its own ticks are. */
const NANOSECONDS_PER_TICK = 10_000_000

/** From Linux' own files. Undefined where they cannot be read. */
export async function readMachineUsage(atMs: number): Promise<MachineUsage | undefined> {
  const [stat, meminfo] = await Promise.all(['/proc/stat', '/proc/meminfo'].map((path) => read(path)))
  const ticks = /^cpu +(.*)$/m
    .exec(stat ?? '')?.[1]
    ?.split(' ')
    .map(Number)
  const kibibytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo ?? '')?.[1])
  const workingSetBytes = (kibibytes('MemTotal') - kibibytes('MemAvailable')) * 1024
  if (!ticks || Number.isNaN(workingSetBytes)) return undefined
  // user nice system idle iowait irq softirq steal; guests are in user already.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = ticks
  return { atMs, cpuNanoseconds: (user + nice + system + irq + softirq) * NANOSECONDS_PER_TICK, workingSetBytes }
}

function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}
