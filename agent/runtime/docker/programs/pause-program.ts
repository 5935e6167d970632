import type { Architecture } from './elf-executable.ts'
import type { MachineCode } from './machine-code.ts'
import { program } from './program.ts'
import { IGNORE_ACTION, SIG_BLOCK, SIGCHLD, SIGINT, SIGPIPE, SIGSET_BYTES, SIGTERM, signalSet } from './signals.ts'
import { FRAME_TIMEOUT_MS } from './socket-protocol.ts'
import { socketRelay } from './socket-relay-code.ts'

/** Where the image has it. */
export const PAUSE_PATH = '/pause'
export const SOCKETS_PATH = '/sockets'

/**
 * The program of a sandbox. It holds the Pod's namespaces, and serves with sockets in them who attaches to it:
 *
 *   rt_sigaction(SIGCHLD, ignore)             so that the kernel buries orphans that come to it
 *   rt_sigprocmask(block TERM and INT)        a blocked signal is kept, even for a process 1 that has no handler
 *   the loop of the socket relay, until TERM or INT comes; the end of stdin only ends the serving
 *   exit_group(0)
 *
 * Where it could not serve, it still holds: do { n = rt_sigtimedwait({TERM, INT}, forever) } while (n < 0)
 */
export function pauseProgram(architecture: Architecture, frameTimeoutMs = FRAME_TIMEOUT_MS): Buffer {
  return program(architecture, (code) => {
    begin(code)
    socketRelay(code, frameTimeoutMs)
    code.label('inputEnded').jump('ignoreInput')
    code.label('broken').addressOf('r1', 'signals').syscall('rt_sigtimedwait', 'r1', 0, 0, SIGSET_BYTES)
    code.jumpIf('result', 'less', 0, 'broken')
    end(code)
  })
}

/** The socket relay alone, for where a sandbox's own cannot be reached: it ends with its stdin. */
export function socketsProgram(architecture: Architecture): Buffer {
  return program(architecture, (code) => {
    begin(code)
    socketRelay(code, FRAME_TIMEOUT_MS)
    code.label('inputEnded').jump('terminate')
    code.label('broken').syscall('exit_group', 1)
    end(code)
  })
}

function begin(code: MachineCode): void {
  code.addressOf('r1', 'ignore').syscall('rt_sigaction', SIGCHLD, 'r1', 0, SIGSET_BYTES)
  code.syscall('rt_sigaction', SIGPIPE, 'r1', 0, SIGSET_BYTES)
  code.addressOf('r1', 'signals').syscall('rt_sigprocmask', SIG_BLOCK, 'r1', 0, SIGSET_BYTES)
}

function end(code: MachineCode): void {
  code.label('terminate').syscall('exit_group', 0)
  code.label('ignore').data(IGNORE_ACTION).label('signals').data(signalSet(SIGTERM, SIGINT))
}
