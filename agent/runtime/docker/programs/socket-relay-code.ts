import type { MachineCode } from './machine-code.ts'
import { SIGSET_BYTES } from './signals.ts'
import {
  ADDRESS_BYTES,
  EVENTS,
  FIRST_CONNECTION,
  HEADER_BYTES,
  MOST_RECEIVED_BYTES,
  SOCKETS,
} from './socket-protocol.ts'
import { execute, readFrame } from './socket-relay-commands.ts'
import {
  ADDRESS_LENGTH,
  AT,
  addressLength,
  CURSOR,
  closeAll,
  closeSocket,
  EAGAIN,
  ENTRY,
  event,
  FD,
  FIRST_SOCKET_INDEX,
  FREE,
  HAVE,
  INDEX,
  LISTENS,
  MEMORY,
  MEMORY_BYTES,
  MSG_DONTWAIT,
  NEED,
  OUTPUT,
  OUTPUT_AT,
  OUTPUT_LEFT,
  ofSocket,
  POLL_EVENTS,
  POLL_HAPPENED,
  POLLIN,
  SIGNALS_POLL,
  SOCKET_POLLS,
  SOME,
  STDIN_INDEX,
  STDIN_POLL,
  STDOUT_POLL,
  TAKEN,
  TIMEOUT,
} from './socket-relay-memory.ts'

const EINTR = -4
const PROT_READ_WRITE = 3
/** MAP_PRIVATE, ANONYMOUS, NORESERVE */
const MAP_MEMORY = 0x4022
const CLOEXEC = 0x80000
const NONBLOCK = 0x800
const F_SETFL = 4
const POLLOUT = 4

/**
 * A loop that serves a user on stdin and stdout with sockets of this process (see `socket-protocol.ts`). One thread polls
 * all; it waits for nobody but the user to take its output, and holds one frame each way. It goes to `terminate` when a
 * signal of `signals` comes, to `broken` where the kernel gives it not even what it needs, and to `inputEnded`, with all
 * sockets closed, when stdin has ended; who jumps to `ignoreInput` from there goes on without.
 */
export function socketRelay(code: MachineCode, frameTimeoutMs: number): void {
  prepare(code)
  code.label('loop').load(SOME, MEMORY, OUTPUT_LEFT, 64).jumpIf(SOME, 'notEqual', 0, 'flush')
  waitForAll(code, frameTimeoutMs)
  choose(code)
  receive(code)
  accept(code)
  readFrame(code)
  execute(code)
  flush(code)
  code.label('stdinEnded')
  closeAll(code, 'atEnd')
  code.jump('inputEnded')
  code.label('ignoreInput').set(SOME, -1).store(SOME, MEMORY, STDIN_POLL, 32).jump('discard')
}

function prepare(code: MachineCode): void {
  code.syscall('mmap', 0, MEMORY_BYTES, PROT_READ_WRITE, MAP_MEMORY, -1, 0).jumpIf('result', 'less', 0, 'broken')
  code.move(MEMORY, 'result').addressOf(SOME, 'signals').syscall('signalfd4', -1, SOME, SIGSET_BYTES, CLOEXEC)
  code.jumpIf('result', 'less', 0, 'broken').store('result', MEMORY, SIGNALS_POLL, 32)
  code.set(SOME, 1).store(SOME, MEMORY, STDOUT_POLL, 32)
  code.set(SOME, POLLOUT).store(SOME, MEMORY, STDOUT_POLL + POLL_EVENTS, 16)
  code.set(SOME, POLLIN).store(SOME, MEMORY, SIGNALS_POLL + POLL_EVENTS, 16)
  code.store(SOME, MEMORY, STDIN_POLL + POLL_EVENTS, 16).syscall('fcntl', 1, F_SETFL, NONBLOCK)
  code.set(INDEX, SOCKETS).set(SOME, FREE)
  code.label('clear').subtract(INDEX, 1)
  ofSocket(code, ENTRY)
  code.store(SOME, ENTRY, SOCKET_POLLS, 32).jumpIf(INDEX, 'greater', 0, 'clear')
  code.set(SOME, STDIN_INDEX).store(SOME, MEMORY, CURSOR, 64).jump('discard')
}

/** Without end, but for the rest of a frame only so long. */
function waitForAll(code: MachineCode, frameTimeoutMs: number): void {
  code.set(AT, 0).load(SOME, MEMORY, HAVE, 64).jumpIf(SOME, 'equal', 0, 'poll')
  // The kernel leaves there what time was left of the last wait.
  code
    .move(AT, MEMORY)
    .add(AT, TIMEOUT)
    .set(SOME, Math.floor(frameTimeoutMs / 1000))
  code.store(SOME, AT, 0, 64)
  code.set(SOME, (frameTimeoutMs % 1000) * 1_000_000).store(SOME, AT, 8, 64)
  code.label('poll').move(SOME, MEMORY).add(SOME, SIGNALS_POLL)
  code.syscall('ppoll', SOME, FIRST_SOCKET_INDEX - 1 + SOCKETS, AT, 0, 0).jumpIf('result', 'greater', 0, 'ready')
  code.jumpIf('result', 'equal', EINTR, 'loop').jumpIf('result', 'less', 0, 'broken')
  code.label('discard').set(SOME, 0).store(SOME, MEMORY, HAVE, 64)
  code.set(SOME, HEADER_BYTES).store(SOME, MEMORY, NEED, 64).jump('loop')
}

/** Stdin and the sockets take turns. */
function choose(code: MachineCode): void {
  const COUNT = FD
  code.label('ready').load(SOME, MEMORY, SIGNALS_POLL + POLL_HAPPENED, 16)
  code.jumpIf(SOME, 'notEqual', 0, 'terminate')
  code.load(INDEX, MEMORY, CURSOR, 64).set(COUNT, 1 + SOCKETS)
  code
    .label('scan')
    .add(INDEX, 1)
    .jumpIf(INDEX, 'less', FIRST_SOCKET_INDEX + SOCKETS, 'look')
  code.set(INDEX, STDIN_INDEX)
  code.label('look')
  ofSocket(code, ENTRY)
  code.load(SOME, ENTRY, POLL_HAPPENED, 16).jumpIf(SOME, 'notEqual', 0, 'found')
  code.subtract(COUNT, 1).jumpIf(COUNT, 'greater', 0, 'scan').jump('loop')
  code.label('found').store(INDEX, MEMORY, CURSOR, 64).loadSigned32(FD, ENTRY, 0)
  code.jumpIf(INDEX, 'equal', STDIN_INDEX, 'input').subtract(INDEX, FIRST_SOCKET_INDEX)
  code.move(SOME, MEMORY).add(SOME, INDEX).load(SOME, SOME, LISTENS, 8).jumpIf(SOME, 'notEqual', 0, 'accept')
}

function receive(code: MachineCode): void {
  const BUFFER = ENTRY
  addressLength(code)
  code.move(BUFFER, MEMORY).add(BUFFER, OUTPUT + HEADER_BYTES + ADDRESS_BYTES)
  code.move(AT, MEMORY).add(AT, OUTPUT + HEADER_BYTES)
  code.syscall('recvfrom', FD, BUFFER, MOST_RECEIVED_BYTES, MSG_DONTWAIT, AT, SOME)
  code.jumpIf('result', 'greater', 0, 'received').jumpIf('result', 'equal', EAGAIN, 'loop')
  code.jumpIf(INDEX, 'notLess', FIRST_CONNECTION, 'ofConnection')
  code.jumpIf('result', 'less', 0, 'report').jump('received')

  // The first end is that of its input, and there may still be an answer to write; the second is the connection's.
  code.label('ofConnection').jumpIf('result', 'less', 0, 'cut')
  ofSocket(code, ENTRY)
  code.load(SOME, ENTRY, SOCKET_POLLS + POLL_EVENTS, 16).jumpIf(SOME, 'equal', 0, 'cut')
  code.set(SOME, 0).store(SOME, ENTRY, SOCKET_POLLS + POLL_EVENTS, 16)
  code.jump('received')
  code.label('cut').move(AT, 'result')
  closeSocket(code, TAKEN)
  code.move('result', AT)
  code.label('report').store('result', MEMORY, OUTPUT + HEADER_BYTES, 64)
  event(code, EVENTS.failed)
  code
    .set(SOME, 0)
    .store(SOME, MEMORY, OUTPUT + 6, 16)
    .set('result', 8)
  code.jump('give')

  code.label('received').load(SOME, MEMORY, ADDRESS_LENGTH, 32)
  code.store(SOME, MEMORY, OUTPUT + 6, 16)
  event(code, EVENTS.received)
  code.add('result', ADDRESS_BYTES)
  code.label('give').store('result', MEMORY, OUTPUT, 32).add('result', HEADER_BYTES)
  code.move(AT, MEMORY).add(AT, OUTPUT)
  code.label('giveFrom').store(AT, MEMORY, OUTPUT_AT, 64).store('result', MEMORY, OUTPUT_LEFT, 64).jump('loop')
}

/** A connection that is one too many is closed. */
function accept(code: MachineCode): void {
  const CONNECTION = AT
  code.label('accept')
  addressLength(code)
  code.move(ENTRY, MEMORY).add(ENTRY, OUTPUT + HEADER_BYTES)
  code.syscall('accept4', FD, ENTRY, SOME, NONBLOCK + CLOEXEC).jumpIf('result', 'less', 0, 'loop')
  code.set(CONNECTION, FIRST_CONNECTION)
  code.label('try').move(ENTRY, CONNECTION).multiply(ENTRY, 8).add(ENTRY, MEMORY)
  code.loadSigned32(SOME, ENTRY, SOCKET_POLLS).jumpIf(SOME, 'equal', FREE, 'free')
  code.add(CONNECTION, 1).jumpIf(CONNECTION, 'less', SOCKETS, 'try').syscall('close', 'result').jump('loop')
  code.label('free').store('result', ENTRY, SOCKET_POLLS, 32)
  code.set(SOME, POLLIN).store(SOME, ENTRY, SOCKET_POLLS + POLL_EVENTS, 16)
  event(code, EVENTS.accepted)
  code.store(CONNECTION, MEMORY, OUTPUT + 6, 16).set('result', ADDRESS_BYTES)
  code.jump('give')
}

function flush(code: MachineCode): void {
  code.label('flush').load(AT, MEMORY, OUTPUT_AT, 64)
  code.syscall('write', 1, AT, SOME).jumpIf('result', 'greater', 0, 'flushed')
  code.jumpIf('result', 'equal', EAGAIN, 'waitToFlush').set(SOME, 0).store(SOME, MEMORY, OUTPUT_LEFT, 64).jump('loop')
  code.label('waitToFlush').syscall('ppoll', MEMORY, 2, 0, 0, 0)
  code.load(SOME, MEMORY, SIGNALS_POLL + POLL_HAPPENED, 16).jumpIf(SOME, 'notEqual', 0, 'terminate')
  code.jump('loop')
  code.label('flushed').add(AT, 'result').subtract(SOME, 'result')
  code.store(AT, MEMORY, OUTPUT_AT, 64).store(SOME, MEMORY, OUTPUT_LEFT, 64).jump('loop')
}
