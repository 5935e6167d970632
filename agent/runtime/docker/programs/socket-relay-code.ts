import type { MachineCode, Register } from './machine-code.ts'
import { SIGSET_BYTES } from './signals.ts'
import {
  ADDRESS_BYTES,
  COMMANDS,
  EVENTS,
  FIRST_CONNECTION,
  HEADER_BYTES,
  MOST_COMMAND_BYTES,
  MOST_RECEIVED_BYTES,
  SOCKETS,
} from './socket-protocol.ts'

const EINTR = -4
const EAGAIN = -11
const EINVAL = -22
const PROT_READ_WRITE = 3
/** MAP_PRIVATE, ANONYMOUS, NORESERVE */
const MAP_MEMORY = 0x4022
const MADV_DONTNEED = 4
const CLOEXEC = 0x80000
const NONBLOCK = 0x800
const F_SETFL = 4
const POLLIN = 1
const POLLOUT = 4
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const BACKLOG = 128
/** Instead of a descriptor: no socket, and a connection that is cut, whose number its user may still mean. */
const [FREE, TAKEN] = [-1, -2]

/** In memory: what is polled, of 8 bytes each (i32 fd, i16 events, i16 what happened); the sockets' behind the others. */
const STDOUT_POLL = 0
const SIGNALS_POLL = 8
const STDIN_POLL = 16
const SOCKET_POLLS = 24
const [POLL_EVENTS, POLL_HAPPENED] = [4, 6]
const STDIN_INDEX = STDIN_POLL / 8
const FIRST_SOCKET_INDEX = SOCKET_POLLS / 8
/** One byte for each socket: whether it listens. */
const LISTENS = 1024
/** The frame that comes in: how much of it is here, and how much is needed to go on. */
const HAVE = 1152
const NEED = 1160
/** The frame that goes out: where the rest of it is, and how much that is. Nothing else is done before it has gone. */
const OUTPUT_AT = 1168
const OUTPUT_LEFT = 1176
/** What was served last: the others are asked first. */
const CURSOR = 1184
const ADDRESS_LENGTH = 1192
const TIMEOUT = 1200
const OUTPUT = 2048
const INPUT = 0x20000
/** What of the input's memory is given back after a large frame. */
const INPUT_REST = INPUT + 0x10000
const MEMORY_BYTES = INPUT_REST + MOST_COMMAND_BYTES

const MEMORY = 'r0'
const INDEX = 'r1'
const ENTRY = 'r2'
const COMMAND = 'r2'
const FD = 'r3'
const AT = 'r4'
const SOME = 'r5'

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
    .store(SOME, AT, 0, 64)
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
  code
    .label('ready')
    .load(SOME, MEMORY, SIGNALS_POLL + POLL_HAPPENED, 16)
    .jumpIf(SOME, 'notEqual', 0, 'terminate')
  code.load(INDEX, MEMORY, CURSOR, 64).set(COUNT, 1 + SOCKETS)
  code
    .label('scan')
    .add(INDEX, 1)
    .jumpIf(INDEX, 'less', FIRST_SOCKET_INDEX + SOCKETS, 'look')
    .set(INDEX, STDIN_INDEX)
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
  code
    .set(SOME, 0)
    .store(SOME, ENTRY, SOCKET_POLLS + POLL_EVENTS, 16)
    .jump('received')
  code.label('cut').move(AT, 'result')
  closeSocket(code, TAKEN)
  code.move('result', AT)
  code.label('report').store('result', MEMORY, OUTPUT + HEADER_BYTES, 64)
  event(code, EVENTS.failed)
  code
    .set(SOME, 0)
    .store(SOME, MEMORY, OUTPUT + 6, 16)
    .set('result', 8)
    .jump('give')

  code
    .label('received')
    .load(SOME, MEMORY, ADDRESS_LENGTH, 32)
    .store(SOME, MEMORY, OUTPUT + 6, 16)
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
  code
    .store(CONNECTION, MEMORY, OUTPUT + 6, 16)
    .set('result', ADDRESS_BYTES)
    .jump('give')
}

/** First a header, then what it announces. */
function readFrame(code: MachineCode): void {
  const LEFT = ENTRY
  code.label('input').load(SOME, MEMORY, HAVE, 64).load(LEFT, MEMORY, NEED, 64).subtract(LEFT, SOME)
  code.move(AT, MEMORY).add(AT, INPUT).add(AT, SOME)
  code.syscall('read', 0, AT, LEFT).jumpIf('result', 'equal', EAGAIN, 'loop')
  code.jumpIf('result', 'notGreater', 0, 'stdinEnded').add(SOME, 'result').store(SOME, MEMORY, HAVE, 64)
  code.load(LEFT, MEMORY, NEED, 64).jumpIf(SOME, 'less', LEFT, 'loop')
  code.move(AT, MEMORY).add(AT, INPUT).load(SOME, AT, 0, 32)
  code.jumpIf(LEFT, 'greater', HEADER_BYTES, 'execute').jumpIf(SOME, 'equal', 0, 'execute')
  code.jumpIf(SOME, 'greater', MOST_COMMAND_BYTES, 'discard')
  code.add(SOME, HEADER_BYTES).store(SOME, MEMORY, NEED, 64).jump('loop')
}

/** At AT is the frame, in SOME its length without the header. */
function execute(code: MachineCode): void {
  code.label('execute').set('result', 0).store('result', MEMORY, HAVE, 64)
  code.set('result', HEADER_BYTES).store('result', MEMORY, NEED, 64)
  code.load(COMMAND, AT, 4, 8).jumpIf(COMMAND, 'equal', COMMANDS.reset, 'reset')
  code.load(INDEX, AT, 5, 8).set('result', EINVAL).jumpIf(INDEX, 'notLess', SOCKETS, 'reply')
  ofSocket(code, FD)
  code.loadSigned32(FD, FD, SOCKET_POLLS)
  for (const command of ['send', 'open', 'setOption', 'bind', 'listen', 'close'] as const) {
    code.jumpIf(COMMAND, 'equal', COMMANDS[command], command)
  }
  code.label('reply').store('result', MEMORY, OUTPUT + HEADER_BYTES, 64)
  code
    .move(AT, MEMORY)
    .add(AT, INPUT)
    .load(SOME, AT, 6, 16)
    .store(SOME, MEMORY, OUTPUT + 6, 16)
  event(code, EVENTS.result)
  code.set('result', 8).jump('give')
  send(code)
  open(code)
  configure(code)

  code.label('reset')
  closeAll(code, 'forReset')
  code.load('result', AT, 0, 32).add('result', HEADER_BYTES).jump('giveFrom')
}

function send(code: MachineCode): void {
  const ADDRESS = ENTRY
  code.label('send').move(ADDRESS, AT).add(ADDRESS, HEADER_BYTES).load('result', AT, 6, 16)
  code.add(AT, HEADER_BYTES + ADDRESS_BYTES).subtract(SOME, ADDRESS_BYTES)
  code.syscall('sendto', FD, AT, SOME, MSG_DONTWAIT + MSG_NOSIGNAL, ADDRESS, 'result')
  code.jumpIf(SOME, 'less', INPUT_REST - INPUT, 'sent')
  code.move(COMMAND, 'result').move(AT, MEMORY).add(AT, INPUT_REST)
  code.syscall('madvise', AT, MOST_COMMAND_BYTES, MADV_DONTNEED).move('result', COMMAND)
  code.label('sent').jumpIf('result', 'equal', SOME, 'loop').jump('reply')
}

function open(code: MachineCode): void {
  const [DOMAIN, TYPE, PROTOCOL] = [ENTRY, SOME, AT] as const
  code.label('open').load(DOMAIN, AT, 8, 32).load(TYPE, AT, 12, 32).load(PROTOCOL, AT, 16, 32)
  code.syscall('socket', DOMAIN, TYPE, PROTOCOL).jumpIf('result', 'less', 0, 'reply')
  ofSocket(code, ENTRY)
  code.store('result', ENTRY, SOCKET_POLLS, 32)
  code
    .set(SOME, POLLIN)
    .store(SOME, ENTRY, SOCKET_POLLS + POLL_EVENTS, 16)
    .jump('reply')
}

function configure(code: MachineCode): void {
  const [LEVEL, NAME] = [ENTRY, 'result'] as const
  code.label('setOption').load(LEVEL, AT, 8, 32).load(NAME, AT, 12, 32).add(AT, 16).subtract(SOME, 8)
  code.syscall('setsockopt', FD, LEVEL, NAME, AT, SOME).jump('reply')
  code.label('bind').add(AT, HEADER_BYTES).syscall('bind', FD, AT, SOME).jump('reply')
  code.label('listen').syscall('listen', FD, BACKLOG)
  code.move(ENTRY, MEMORY).add(ENTRY, INDEX).set(SOME, 1).store(SOME, ENTRY, LISTENS, 8).jump('reply')
  code.label('close')
  closeSocket(code, FREE)
  code.jump('reply')
}

function flush(code: MachineCode): void {
  code.label('flush').load(AT, MEMORY, OUTPUT_AT, 64)
  code.syscall('write', 1, AT, SOME).jumpIf('result', 'greater', 0, 'flushed')
  code.jumpIf('result', 'equal', EAGAIN, 'waitToFlush').set(SOME, 0).store(SOME, MEMORY, OUTPUT_LEFT, 64).jump('loop')
  code.label('waitToFlush').syscall('ppoll', MEMORY, 2, 0, 0, 0)
  code
    .load(SOME, MEMORY, SIGNALS_POLL + POLL_HAPPENED, 16)
    .jumpIf(SOME, 'notEqual', 0, 'terminate')
    .jump('loop')
  code.label('flushed').add(AT, 'result').subtract(SOME, 'result')
  code.store(AT, MEMORY, OUTPUT_AT, 64).store(SOME, MEMORY, OUTPUT_LEFT, 64).jump('loop')
}

/** The socket FD, of number INDEX. */
function closeSocket(code: MachineCode, becomes: number): void {
  code.syscall('close', FD).set(SOME, becomes)
  ofSocket(code, ENTRY)
  code.store(SOME, ENTRY, SOCKET_POLLS, 32)
  code.move(ENTRY, MEMORY).add(ENTRY, INDEX).set(SOME, 0).store(SOME, ENTRY, LISTENS, 8)
}

/** Keeps AT. */
function closeAll(code: MachineCode, name: string): void {
  code.set(INDEX, SOCKETS)
  code.label(name).subtract(INDEX, 1)
  ofSocket(code, FD)
  code.loadSigned32(FD, FD, SOCKET_POLLS)
  closeSocket(code, FREE)
  code.jumpIf(INDEX, 'greater', 0, name)
}

/** What belongs to number INDEX: its poll is there, or for a socket's number SOCKET_POLLS after it. */
function ofSocket(code: MachineCode, to: Register): void {
  code.move(to, INDEX).multiply(to, 8).add(to, MEMORY)
}

/** SOME becomes the place of an address's length, which the kernel is to change. */
function addressLength(code: MachineCode): void {
  code.set(SOME, ADDRESS_BYTES).store(SOME, MEMORY, ADDRESS_LENGTH, 32).move(SOME, MEMORY).add(SOME, ADDRESS_LENGTH)
}

/** Begins the header of an event of number INDEX. */
function event(code: MachineCode, kind: number): void {
  code
    .set(SOME, kind)
    .store(SOME, MEMORY, OUTPUT + 4, 8)
    .store(INDEX, MEMORY, OUTPUT + 5, 8)
}
