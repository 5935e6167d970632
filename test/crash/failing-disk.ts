import { type Random, randomInt } from '../../shared/random.ts'

/** Which system call ends with EIO, and when, in strace's words: `7` for the seventh alone, `7+` for all from there on. */
export interface DiskFault {
  readonly calls: 'fsync,fdatasync' | 'pwrite64' | 'read'
  readonly when: string
}

/**
 * A command that runs the rest of its arguments on a disk on which the state at `path` has that fault. What is killed
 * in the moment in which strace starts leaves a strace that waits for ever.
 */
export function onFailingDisk(path: string, { calls, when }: DiskFault): string[] {
  const files = [path, `${path}-wal`].flatMap((file) => ['-P', file])
  // As a grandchild, strace is not in the way of who kills the process or hears of its end.
  const tracing = ['-D', '-f', '--seccomp-bpf', '-qqq', '-o', '/dev/null', '-e', `trace=${calls}`]
  return ['strace', ...tracing, ...files, '-e', `inject=${calls}:error=EIO:when=${when}`]
}

/** Most often a sync: what it leaves on the disk is the hardest to know. */
export function anyDiskFault(random: Random): DiskFault {
  const dice = randomInt(random, 10)
  const calls = dice < 6 ? 'fsync,fdatasync' : 'pwrite64'
  const first = 1 + randomInt(random, calls === 'fsync,fdatasync' ? 40 : 150)
  return { calls, when: random.next() < 0.7 ? `${first}` : `${first}+` }
}
