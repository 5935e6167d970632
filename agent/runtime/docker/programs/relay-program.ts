import { Amd64Code } from './amd64-code.ts'
import { Arm64Code } from './arm64-code.ts'
import { type Architecture, elfExecutable } from './elf-executable.ts'
import { IGNORE_ACTION } from './pause-program.ts'

/** Where the image has it. */
export const RELAY_PATH = '/relay'

const SIGPIPE = 13
const SIGSET_BYTES = 8
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SHUT_WR = 1
const LOOPBACK = 0x0100007f
/** CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: a thread. */
const THREAD = 0x50f00
const BUFFER_BYTES = 0x10000
/** The first byte of the output, once the connection stands. */
export const CONNECTED = 0x06
/** On the stack: a socket's address, which later becomes the length of a chunk; then the buffers of the two directions. */
const TO_STDOUT = 0x1000
const TO_SOCKET = TO_STDOUT + BUFFER_BYTES
const STACK_BYTES = TO_SOCKET + BUFFER_BYTES

/**
 * `relay PORT`: connects to that port of 127.0.0.1, or else of ::1, and passes on what comes. Stdout gets one byte to
 * say that it is connected, then the bytes of the socket. Stdin carries chunks, each a length of 32 bits (little-endian) and so many bytes: a length of 0 ends the
 * socket's input, and the end of stdin ends the relay, so that one whose user has gone does not stay. It ends with 0
 * when the socket's output has ended, and with the errno of the attempt by IPv4 where it cannot connect.
 *
 * Two threads share the stack, which neither uses as such: nothing is pushed, nothing is called.
 */
export function relayProgram(architecture: Architecture): Buffer {
  return elfExecutable(architecture, architecture === 'amd64' ? amd64() : arm64())
}

/** rbp: the port, then what is to be written; rbx: a failure; r12: bytes left of a chunk; r13: the socket; r14: buffer; r15: bytes left to write. */
function amd64(): Buffer {
  const code = new Amd64Code()
  const address = (family: number, bytes: number) => {
    code.set('rax', 0)
    for (let offset = 0; offset < 32; offset += 8) code.storeOnStack('rax', offset, 64)
    code.set('rax', family).storeOnStack('rax', 0, 16).storeOnStack('rbp', 2, 16)
    if (family === AF_INET) code.set('rax', LOOPBACK).storeOnStack('rax', 4, 32)
    else code.set('rax', 0x01000000).storeOnStack('rax', 20, 32)
    code.syscall(41, family, SOCK_STREAM, 0).move('r13', 'rax')
    code.syscall(42, 'r13', 'rsp', bytes).test('rax').jumpIf('equal', 'connected')
  }
  const writeAll = (to: number | 'r13', name: string, onFailure: string) => {
    code.label(name).syscall(1, to, 'rbp', 'r15').test('rax').jumpIf('notPositive', onFailure)
    code.add('rbp', 'rax').subtract('r15', 'rax').jumpIf('notEqual', name)
  }

  code.loadFromStack('rsi', 16, 64).set('rbp', 0)
  code.label('digit').loadByteAtRsi('rax').test('rax').jumpIf('equal', 'parsed')
  code.subtractNumber('rax', 0x30).multiplyByNumber('rbp', 10).add('rbp', 'rax').addNumber('rsi', 1).jump('digit')
  code.label('parsed').swapBytes16('rbp').subtractNumber('rsp', STACK_BYTES)
  code.addressOf('rsi', 'ignore').syscall(13, SIGPIPE, 'rsi', 0, SIGSET_BYTES)
  address(AF_INET, 16)
  code.move('rbx', 'rax')
  address(AF_INET6, 28)
  code.negate('rbx').syscall(231, 'rbx')

  code.label('connected').addressOf('rsi', 'greeting').syscall(1, 1, 'rsi', 1)
  code.syscall(56, THREAD, 0, 0, 0, 0).test('rax').jumpIf('equal', 'input')
  code.jumpIf('negative', 'end').addressOnStack('r14', TO_STDOUT)
  code.label('output').syscall(0, 'r13', 'r14', BUFFER_BYTES).test('rax').jumpIf('notPositive', 'end')
  code.move('r15', 'rax').move('rbp', 'r14')
  writeAll(1, 'toStdout', 'end')
  code.jump('output')

  code.label('input').addressOnStack('r14', TO_SOCKET)
  code.label('chunk').set('r15', 4).move('rbp', 'rsp')
  code.label('length').syscall(0, 0, 'rbp', 'r15').test('rax').jumpIf('notPositive', 'end')
  code.add('rbp', 'rax').subtract('r15', 'rax').jumpIf('notEqual', 'length')
  code.loadFromStack('r12', 0, 32).test('r12').jumpIf('notEqual', 'bytes')
  code.syscall(48, 'r13', SHUT_WR).jump('chunk')
  code.label('bytes').move('rdx', 'r12').compareNumber('rdx', BUFFER_BYTES).jumpIf('notAbove', 'fits')
  code.set('rdx', BUFFER_BYTES)
  code.label('fits').syscall(0, 0, 'r14', 'rdx').test('rax').jumpIf('notPositive', 'end')
  code.subtract('r12', 'rax').move('r15', 'rax').move('rbp', 'r14')
  writeAll('r13', 'toSocket', 'written')
  code.label('written').test('r12').jumpIf('notEqual', 'bytes').jump('chunk')

  code.label('end').syscall(231, 0)
  return code.label('ignore').data(IGNORE_ACTION).label('greeting').data(Buffer.of(CONNECTED)).build()
}

/** x19: the port, then what is to be written; x20: a failure; x21: bytes left of a chunk; x22: the socket; x23: buffer; x24: bytes left to write. */
function arm64(): Buffer {
  const code = new Arm64Code()
  const address = (family: number, bytes: number) => {
    code.set('x9', 0)
    for (let offset = 0; offset < 32; offset += 8) code.storeOnStack('x9', offset, 64)
    code.set('x9', family).storeOnStack('x9', 0, 16).storeOnStack('x19', 2, 16)
    if (family === AF_INET) code.set('x9', LOOPBACK).storeOnStack('x9', 4, 32)
    else code.set('x9', 0x01000000).storeOnStack('x9', 20, 32)
    code.syscall(198, family, SOCK_STREAM, 0).move('x22', 'x0')
    code.syscall(203, 'x22', 'sp', bytes).compareNumber('x0', 0).jumpIf('equal', 'connected')
  }
  const writeAll = (to: number | 'x22', name: string, onFailure: string) => {
    code.label(name).syscall(64, to, 'x19', 'x24').compareNumber('x0', 0).jumpIf('notPositive', onFailure)
    code.add('x19', 'x0').subtract('x24', 'x0').compareNumber('x24', 0).jumpIf('notEqual', name)
  }

  code.loadFromStack('x9', 16, 64).set('x19', 0).set('x11', 10)
  code.label('digit').loadByte('x10', 'x9').compareNumber('x10', 0).jumpIf('equal', 'parsed')
  code
    .subtractNumber('x10', 'x10', 0x30)
    .multiply('x19', 'x11')
    .add('x19', 'x10')
    .addNumber('x9', 'x9', 1)
    .jump('digit')
  code.label('parsed').swapBytes16('x19').subtractNumber('sp', 'sp', STACK_BYTES)
  code.addressOf('x1', 'ignore').syscall(134, SIGPIPE, 'x1', 0, SIGSET_BYTES)
  address(AF_INET, 16)
  code.move('x20', 'x0')
  address(AF_INET6, 28)
  code.negate('x20').syscall(94, 'x20')

  code.label('connected').addressOf('x1', 'greeting').syscall(64, 1, 'x1', 1)
  code.syscall(220, THREAD, 0, 0, 0, 0).compareNumber('x0', 0).jumpIf('equal', 'input')
  code.jumpIf('negative', 'end').addNumber('x23', 'sp', TO_STDOUT)
  code.label('output').syscall(63, 'x22', 'x23', BUFFER_BYTES).compareNumber('x0', 0).jumpIf('notPositive', 'end')
  code.move('x24', 'x0').move('x19', 'x23')
  writeAll(1, 'toStdout', 'end')
  code.jump('output')

  code.label('input').addNumber('x23', 'sp', TO_SOCKET)
  code.label('chunk').set('x24', 4).move('x19', 'sp')
  code.label('length').syscall(63, 0, 'x19', 'x24').compareNumber('x0', 0).jumpIf('notPositive', 'end')
  code.add('x19', 'x0').subtract('x24', 'x0').compareNumber('x24', 0).jumpIf('notEqual', 'length')
  code.loadFromStack('x21', 0, 32).compareNumber('x21', 0).jumpIf('notEqual', 'bytes')
  code.syscall(210, 'x22', SHUT_WR).jump('chunk')
  code
    .label('bytes')
    .move('x2', 'x21')
    .set('x9', BUFFER_BYTES)
    .compareNumber('x2', BUFFER_BYTES)
    .jumpIf('notAbove', 'fits')
  code.move('x2', 'x9')
  code.label('fits').syscall(63, 0, 'x23', 'x2').compareNumber('x0', 0).jumpIf('notPositive', 'end')
  code.subtract('x21', 'x0').move('x24', 'x0').move('x19', 'x23')
  writeAll('x22', 'toSocket', 'written')
  code.label('written').compareNumber('x21', 0).jumpIf('notEqual', 'bytes').jump('chunk')

  code.label('end').syscall(94, 0)
  return code.label('ignore').data(IGNORE_ACTION).label('greeting').data(Buffer.of(CONNECTED)).build()
}
