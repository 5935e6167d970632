import type { EvictionSignal, Observation } from '../eviction/eviction-threshold.ts'
import type { Machine } from './machine.ts'

/** How much there is of what can run short; nothing where the machine does not tell. */
export function observations({ memory, disk, processes }: Machine): Map<EvictionSignal, Observation> {
  const found = new Map<EvictionSignal, Observation>()
  if (memory) found.set('memory.available', { available: memory.availableBytes, capacity: memory.totalBytes })
  for (const name of ['nodefs', 'imagefs'] as const) {
    if (disk) found.set(`${name}.available`, { available: disk.availableBytes, capacity: disk.totalBytes })
    if (disk?.inodes) {
      found.set(`${name}.inodesFree`, { available: disk.inodes.free, capacity: disk.inodes.total })
    }
  }
  if (processes) {
    found.set('pid.available', { available: processes.max - processes.running, capacity: processes.max })
  }
  return found
}
