import { u64 } from './elf-executable.ts'

export const SIGINT = 2
export const SIGPIPE = 13
export const SIGTERM = 15
export const SIGCHLD = 17
export const SIG_BLOCK = 0
export const SIGSET_BYTES = 8

const SIG_IGN = 1

/** `struct sigaction` as the kernel has it: handler, flags, restorer, mask. */
export const IGNORE_ACTION = Buffer.concat([u64(SIG_IGN), u64(0), u64(0), u64(0)])

export function signalSet(...signals: readonly number[]): Buffer {
  return u64(signals.reduce((set, signal) => set + 2 ** (signal - 1), 0))
}
