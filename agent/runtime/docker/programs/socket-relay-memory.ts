import type { MachineCode, Register } from './machine-code.ts'
import { ADDRESS_BYTES, MOST_COMMAND_BYTES, SOCKETS } from './socket-protocol.ts'

export const EAGAIN = -11
export const POLLIN = 1
export const MSG_DONTWAIT = 0x40
/** Instead of a descriptor: no socket, and a connection that is cut, whose number its user may still mean. */
export const [FREE, TAKEN] = [-1, -2]

/** In memory: what is polled, of 8 bytes each (i32 fd, i16 events, i16 what happened); the sockets' behind the others. */
export const STDOUT_POLL = 0
export const SIGNALS_POLL = 8
export const STDIN_POLL = 16
export const SOCKET_POLLS = 24
export const [POLL_EVENTS, POLL_HAPPENED] = [4, 6]
export const STDIN_INDEX = STDIN_POLL / 8
export const FIRST_SOCKET_INDEX = SOCKET_POLLS / 8
/** One byte for each socket: whether it listens. */
export const LISTENS = 1024
/** The frame that comes in: how much of it is here, and how much is needed to go on. */
export const HAVE = 1152
export const NEED = 1160
/** The frame that goes out: where the rest of it is, and how much that is. Nothing else is done before it has gone. */
export const OUTPUT_AT = 1168
export const OUTPUT_LEFT = 1176
/** What was served last: the others are asked first. */
export const CURSOR = 1184
export const ADDRESS_LENGTH = 1192
export const TIMEOUT = 1200
export const OUTPUT = 2048
export const INPUT = 0x20000
/** What of the input's memory is given back after a large frame. */
export const INPUT_REST = INPUT + 0x10000
export const MEMORY_BYTES = INPUT_REST + MOST_COMMAND_BYTES

/** Registers. The first two hold through a whole turn of the loop. */
export const MEMORY = 'r0'
export const INDEX = 'r1'
export const ENTRY = 'r2'
export const COMMAND = 'r2'
export const FD = 'r3'
export const AT = 'r4'
export const SOME = 'r5'

/** The socket FD, of number INDEX. */
export function closeSocket(code: MachineCode, becomes: number): void {
  code.syscall('close', FD).set(SOME, becomes)
  ofSocket(code, ENTRY)
  code.store(SOME, ENTRY, SOCKET_POLLS, 32)
  code.move(ENTRY, MEMORY).add(ENTRY, INDEX).set(SOME, 0).store(SOME, ENTRY, LISTENS, 8)
}

/** Keeps AT. */
export function closeAll(code: MachineCode, name: string): void {
  code.set(INDEX, SOCKETS)
  code.label(name).subtract(INDEX, 1)
  ofSocket(code, FD)
  code.loadSigned32(FD, FD, SOCKET_POLLS)
  closeSocket(code, FREE)
  code.jumpIf(INDEX, 'greater', 0, name)
}

/** What belongs to number INDEX: its poll is there, or for a socket's number SOCKET_POLLS after it. */
export function ofSocket(code: MachineCode, to: Register): void {
  code.move(to, INDEX).multiply(to, 8).add(to, MEMORY)
}

/** SOME becomes the place of an address's length, which the kernel is to change. */
export function addressLength(code: MachineCode): void {
  code.set(SOME, ADDRESS_BYTES).store(SOME, MEMORY, ADDRESS_LENGTH, 32).move(SOME, MEMORY).add(SOME, ADDRESS_LENGTH)
}

/** Begins the header of an event of number INDEX. */
export function event(code: MachineCode, kind: number): void {
  code.set(SOME, kind).store(SOME, MEMORY, OUTPUT + 4, 8)
  code.store(INDEX, MEMORY, OUTPUT + 5, 8)
}
