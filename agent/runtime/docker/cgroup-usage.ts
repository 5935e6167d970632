import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerUsage } from '../runtime.ts'

const CGROUPS = '/sys/fs/cgroup'

/** Undefined where the container has no cgroup that is seen from here. */
export async function readCgroupUsage(id: string, atMs: number): Promise<ContainerUsage | undefined> {
  for (const group of [`docker/${id}`, `system.slice/docker-${id}.scope`]) {
    const usage = (await readUnified(group)) ?? (await readPerController(group))
    // Of one that has just ended the kernel may still show the empty group.
    if (usage && usage.processes > 0) return { atMs, ...usage }
  }
  return undefined
}

type Usage = Omit<ContainerUsage, 'atMs'>

async function readUnified(group: string): Promise<Usage | undefined> {
  const folder = join(CGROUPS, group)
  const [cpu, current, memory, pids] = await contents(
    folder,
    'cpu.stat',
    'memory.current',
    'memory.stat',
    'pids.current',
  )
  if (cpu === undefined || current === undefined || pids === undefined) return undefined
  return usage(entry(cpu, 'usage_usec') * 1000, Number(current), entry(memory ?? '', 'inactive_file'), Number(pids))
}

async function readPerController(group: string): Promise<Usage | undefined> {
  const [cpu] = await contents(join(CGROUPS, 'cpuacct', group), 'cpuacct.usage')
  const [current, memory] = await contents(join(CGROUPS, 'memory', group), 'memory.usage_in_bytes', 'memory.stat')
  const [pids] = await contents(join(CGROUPS, 'pids', group), 'pids.current')
  if (cpu === undefined || current === undefined || pids === undefined) return undefined
  return usage(Number(cpu), Number(current), entry(memory ?? '', 'total_inactive_file'), Number(pids))
}

function usage(cpuNanoseconds: number, bytes: number, inactiveFileBytes: number, processes: number): Usage {
  return { cpuNanoseconds, workingSetBytes: Math.max(0, bytes - inactiveFileBytes), processes }
}

function contents(folder: string, ...names: string[]): Promise<(string | undefined)[]> {
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => undefined)))
}

function entry(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}
