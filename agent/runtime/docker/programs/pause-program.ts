import type { Architecture } from './elf-executable.ts'
import type { MachineCode } from './machine-code.ts'
import { program } from './program.ts'
import { IGNORE_ACTION, SIG_BLOCK, SIGCHLD, SIGINT, SIGPIPE, SIGSET_BYTES, SIGTERM, signalSet } from './signals.ts'
import { FRAME_TIMEOUT_MS } from './socket-protocol.ts'
import { socketRelay } from './socket-relay-code.ts'

/** Where the image has it. */
export const PAUSE_PATH = '/pause'
export const SOCKETS_PATH = '/sockets'

const AT_FDCWD = -100
/** O_WRONLY, TRUNC: a file that is there already, and stays the one that it is. */
const OVERWRITE = 0x201

/**
 * `pause [PATH TEXT...]`, the program of a sandbox. It gives files their text, holds the Pod's namespaces, and serves with
 * sockets in them who attaches to it:
 *
 *   for each PATH: write(openat(PATH, O_WRONLY | O_TRUNC), TEXT)      one that cannot be opened is left out
 *   rt_sigaction(SIGCHLD, ignore)             so that the kernel buries orphans that come to it
 *   rt_sigprocmask(block TERM and INT)        a blocked signal is kept, even for a process 1 that has no handler
 *   the loop of the socket relay, until TERM or INT comes; the end of stdin only ends the serving
 *   exit_group(0)
 *
 * Where it could not serve, it still holds: do { n = rt_sigtimedwait({TERM, INT}, forever) } while (n < 0)
 */
export function pauseProgram(architecture: Architecture, frameTimeoutMs = FRAME_TIMEOUT_MS): Buffer {
  return program(architecture, (code) => {
    writeFiles(code)
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

/** The arguments are on the stack: their number, the program's name, then they and a 0. */
function writeFiles(code: MachineCode): void {
  const [at, path, text, end, byte, file] = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'] as const
  code.move(at, 'stack').add(at, 16)
  code.label('nextFile').load(path, at, 0, 64).jumpIf(path, 'equal', 0, 'written').load(text, at, 8, 64).add(at, 16)
  code.syscall('openat', AT_FDCWD, path, OVERWRITE, 0).jumpIf('result', 'less', 0, 'nextFile').move(file, 'result')
  code.move(end, text)
  code.label('measure').load(byte, end, 0, 8).jumpIf(byte, 'equal', 0, 'measured').add(end, 1).jump('measure')
  code.label('measured').subtract(end, text).syscall('write', file, text, end).syscall('close', file).jump('nextFile')
  code.label('written')
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
