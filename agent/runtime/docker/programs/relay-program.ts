import type { Architecture } from './elf-executable.ts'
import type { MachineCode } from './machine-code.ts'
import { program } from './program.ts'
import { IGNORE_ACTION, SIGPIPE, SIGSET_BYTES } from './signals.ts'

/** Where the image has it. */
export const RELAY_PATH = '/relay'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SHUT_WR = 1
const LOOPBACK = 0x0100007f
const LOOPBACK6_END = 0x01000000
/** CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: a thread. */
const THREAD = 0x50f00
const BUFFER_BYTES = 0x10000
/** The first byte of the output, once the connection stands. */
export const CONNECTED = 0x06
/** On the stack: a socket's address, which later becomes the length of a chunk; then the buffers of the two directions. */
const TO_STDOUT = 0x1000
const TO_SOCKET = TO_STDOUT + BUFFER_BYTES
const STACK_BYTES = TO_SOCKET + BUFFER_BYTES

const PORT = 'r0'
const FAILURE = 'r1'
/** What is to be written, and how much of it is left. */
const FROM = 'r0'
const LEFT = 'r1'
const SOCKET = 'r2'
const BUFFER = 'r3'
/** Bytes left of a chunk. */
const CHUNK = 'r4'
const SOME = 'r5'

/**
 * `relay PORT`: connects to that port of 127.0.0.1, or else of ::1, and passes on what comes. Stdout gets one byte to
 * say that it is connected, then the bytes of the socket. Stdin carries chunks, each a length of 32 bits (little-endian) and so many bytes: a length of 0 ends the
 * socket's input, and the end of stdin ends the relay, so that one whose user has gone does not stay. It ends with 0
 * when the socket's output has ended, and with the errno of the attempt by IPv4 where it cannot connect.
 *
 * Two threads share the stack, which neither uses as such: nothing is pushed, nothing is called.
 */
export function relayProgram(architecture: Architecture): Buffer {
  return program(architecture, (code) => {
    parsePort(code)
    code.subtract('stack', STACK_BYTES)
    code.addressOf(SOME, 'ignore').syscall('rt_sigaction', SIGPIPE, SOME, 0, SIGSET_BYTES)
    connect(code, AF_INET, 16)
    code.set(FAILURE, 0).subtract(FAILURE, 'result')
    connect(code, AF_INET6, 28)
    code.syscall('exit_group', FAILURE)

    code.label('connected').addressOf(SOME, 'greeting').syscall('write', 1, SOME, 1)
    code.syscall('clone', THREAD, 0, 0, 0, 0).jumpIf('result', 'equal', 0, 'input')
    code.jumpIf('result', 'less', 0, 'end')
    passOutput(code)
    passInput(code)
    code.label('end').syscall('exit_group', 0)
    code.label('ignore').data(IGNORE_ACTION).label('greeting').data(Buffer.of(CONNECTED))
  })
}

function parsePort(code: MachineCode): void {
  const [digit, at] = ['r4', 'r5'] as const
  code.load(at, 'stack', 16, 64).set(PORT, 0)
  code.label('digit').load(digit, at, 0, 8).jumpIf(digit, 'equal', 0, 'parsed')
  code.subtract(digit, 0x30).multiply(PORT, 10).add(PORT, digit).add(at, 1).jump('digit')
  code.label('parsed').swapBytes16(PORT)
}

function connect(code: MachineCode, family: number, bytes: number): void {
  code.set(SOME, 0)
  for (let offset = 0; offset < 32; offset += 8) code.store(SOME, 'stack', offset, 64)
  code.set(SOME, family).store(SOME, 'stack', 0, 16).store(PORT, 'stack', 2, 16)
  if (family === AF_INET) code.set(SOME, LOOPBACK).store(SOME, 'stack', 4, 32)
  else code.set(SOME, LOOPBACK6_END).store(SOME, 'stack', 20, 32)
  code.syscall('socket', family, SOCK_STREAM, 0).move(SOCKET, 'result')
  code.syscall('connect', SOCKET, 'stack', bytes).jumpIf('result', 'equal', 0, 'connected')
}

function passOutput(code: MachineCode): void {
  code.move(BUFFER, 'stack').add(BUFFER, TO_STDOUT)
  code.label('output').syscall('read', SOCKET, BUFFER, BUFFER_BYTES).jumpIf('result', 'notGreater', 0, 'end')
  code.move(LEFT, 'result').move(FROM, BUFFER)
  writeAll(code, 1, 'toStdout', 'end')
  code.jump('output')
}

function passInput(code: MachineCode): void {
  code.label('input').move(BUFFER, 'stack').add(BUFFER, TO_SOCKET)
  code.label('chunk').set(LEFT, 4).move(FROM, 'stack')
  code.label('length').syscall('read', 0, FROM, LEFT).jumpIf('result', 'notGreater', 0, 'end')
  code.add(FROM, 'result').subtract(LEFT, 'result').jumpIf(LEFT, 'notEqual', 0, 'length')
  code.load(CHUNK, 'stack', 0, 32).jumpIf(CHUNK, 'notEqual', 0, 'bytes')
  code.syscall('shutdown', SOCKET, SHUT_WR).jump('chunk')
  code.label('bytes').move(SOME, CHUNK).jumpIf(SOME, 'notGreater', BUFFER_BYTES, 'fits').set(SOME, BUFFER_BYTES)
  code.label('fits').syscall('read', 0, BUFFER, SOME).jumpIf('result', 'notGreater', 0, 'end')
  code.subtract(CHUNK, 'result').move(LEFT, 'result').move(FROM, BUFFER)
  writeAll(code, SOCKET, 'toSocket', 'written')
  code.label('written').jumpIf(CHUNK, 'notEqual', 0, 'bytes').jump('chunk')
}

function writeAll(code: MachineCode, to: number | typeof SOCKET, name: string, onFailure: string): void {
  code.label(name).syscall('write', to, FROM, LEFT).jumpIf('result', 'notGreater', 0, onFailure)
  code.add(FROM, 'result').subtract(LEFT, 'result').jumpIf(LEFT, 'notEqual', 0, name)
}
