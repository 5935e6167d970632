import { Amd64Code } from './amd64-code.ts'
import { Arm64Code } from './arm64-code.ts'
import { type Architecture, elfExecutable, u64 } from './elf-executable.ts'

const SIGINT = 2
const SIGTERM = 15
const SIGCHLD = 17
const SIG_IGN = 1
const SIG_BLOCK = 0
const SIGSET_BYTES = 8

/** `struct sigaction` as the kernel has it: handler, flags, restorer, mask. */
export const IGNORE_ACTION = Buffer.concat([u64(SIG_IGN), u64(0), u64(0), u64(0)])
const SIGNALS = u64((1 << (SIGTERM - 1)) | (1 << (SIGINT - 1)))

/**
 * The program of a sandbox, as machine code. It holds the Pod's namespaces and does nothing else:
 *
 *   rt_sigaction(SIGCHLD, ignore)             so that the kernel buries orphans that come to it
 *   rt_sigprocmask(block TERM and INT)        a blocked signal is kept, even for a process 1 that has no handler
 *   do { n = rt_sigtimedwait({TERM, INT}, forever) } while (n < 0)
 *   exit_group(0)
 */
export function pauseProgram(architecture: Architecture): Buffer {
  return elfExecutable(architecture, architecture === 'amd64' ? amd64() : arm64())
}

function amd64(): Buffer {
  const code = new Amd64Code()
  code.addressOf('rsi', 'ignore').syscall(13, SIGCHLD, 'rsi', 0, SIGSET_BYTES)
  code.addressOf('rsi', 'signals').syscall(14, SIG_BLOCK, 'rsi', 0, SIGSET_BYTES)
  code.label('wait').addressOf('rdi', 'signals').syscall(128, 'rdi', 0, 0, SIGSET_BYTES)
  code.test('rax').jumpIf('negative', 'wait').syscall(231, 0)
  return code.label('ignore').data(IGNORE_ACTION).label('signals').data(SIGNALS).build()
}

function arm64(): Buffer {
  const code = new Arm64Code()
  code.addressOf('x1', 'ignore').syscall(134, SIGCHLD, 'x1', 0, SIGSET_BYTES)
  code.addressOf('x1', 'signals').syscall(135, SIG_BLOCK, 'x1', 0, SIGSET_BYTES)
  code.label('wait').addressOf('x0', 'signals').syscall(137, 'x0', 0, 0, SIGSET_BYTES)
  code.compareNumber('x0', 0).jumpIf('negative', 'wait').syscall(94, 0)
  return code.label('ignore').data(IGNORE_ACTION).label('signals').data(SIGNALS).build()
}
